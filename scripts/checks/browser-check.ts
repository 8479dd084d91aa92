import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { completed, createClient, type Calls } from '@denizen/client'
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core'
import { scaled } from '../../tests/deadlines.ts'
import { launchBrowser } from './browser.ts'
import { freePort } from './free-port.ts'

/** A page that is watched. */
interface OpenedPage {
  readonly page: Page
  readonly context: BrowserContext
  /** Violations of its policy, missing files, errors of scripts, and requests to anybody else. */
  readonly complaints: string[]
}

/** A server with an empty database, and a browser. */
interface BrowserCheck {
  /** WebAuthn needs a host name, not an address: the server listens on 127.0.0.1 and is opened as localhost. */
  readonly url: string
  /** Where the server keeps what it has. */
  readonly folder: string
  open(options?: BrowserContextOptions): Promise<OpenedPage>
  /** Saves a screenshot, in the folder that the script was given. */
  picture(page: Page, name: string): Promise<void>
  /** Asks again and again until there is an answer. */
  until<T>(what: string, ask: () => Promise<T | undefined | false>): Promise<T>
  /** Whoever may do everything, once the server is ready. */
  superadmin(): Promise<Calls>
  end(): Promise<void>
}

/** @param settings of the server, besides those that every check needs */
export async function startBrowserCheck(settings: Record<string, string>): Promise<BrowserCheck> {
  const folder = mkdtempSync(join(tmpdir(), 'denizen-browser-'))
  const port = await freePort()
  const url = `http://localhost:${port}`
  const pictures = process.argv[2]
  const browser = await launchBrowser()
  const server = startServer({ ...settings, HOME: folder, DENIZEN_DATA_DIR: folder, DENIZEN_PORT: String(port), DENIZEN_PUBLIC_URL: url })
  const until: BrowserCheck['until'] = async (what, ask) => {
    for (const deadline = performance.now() + scaled(60_000); performance.now() < deadline; await sleep(50)) {
      const answer = await ask().catch(() => undefined)
      if (answer !== undefined && answer !== false) return answer
    }
    throw new Error(`${what}: not in time. The server said:\n${server.printed()}`)
  }
  return {
    url,
    folder,
    open: (options) => openPage(browser, url, options),
    async picture(page, name) {
      if (pictures !== undefined) await page.screenshot({ path: join(pictures, `${name}.png`), fullPage: true })
    },
    until,
    async superadmin() {
      await until('the server is ready', async () => (await fetch(`${url}/readyz`)).ok)
      const password = await until('the first password', async () => /^ +password +(\S+)$/m.exec(server.printed())?.[1])
      const { accessToken } = completed(await createClient({ url }).auth.signIn({ identifier: 'superadmin', password }))
      return createClient({ url, token: accessToken })
    },
    async end() {
      await browser.close()
      await server.end()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function startServer(settings: Record<string, string>) {
  const child = spawn(process.execPath, ['--conditions=@denizen/source', 'apps/cli/src/main.ts', 'serve'], {
    env: { PATH: process.env['PATH'], NO_COLOR: '1', DENIZEN_LOG_LEVEL: 'warn', ...settings },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += String(chunk)))
  return {
    printed: () => output,
    async end(): Promise<void> {
      child.kill('SIGTERM')
      if (child.exitCode === null) await once(child, 'exit')
    },
  }
}

async function openPage(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<OpenedPage> {
  const context = await browser.newContext({ viewport: { width: 1000, height: 860 }, ...options })
  const page = await context.newPage()
  page.setDefaultTimeout(scaled(30_000))
  const complaints: string[] = []
  page.on('console', (message) => complaints.push(message.text()))
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('request', (request) => {
    if (!request.url().startsWith(url)) complaints.push(`asked for ${request.url()}`)
  })
  return { page, context, complaints }
}
