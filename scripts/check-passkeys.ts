/**
 * Drives a browser with a virtual authenticator through the passkeys page: signs in with a
 * password, registers a passkey, signs in with it alone and as second factor, and checks that
 * a removed one, and one without user verification, are refused. Needs Chromium (CHROMIUM,
 * default /usr/bin/chromium). With a folder as argument, screenshots are saved there.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { completed, createClient } from '@denizen/client'
import { chromium, type CDPSession, type Page } from 'playwright-core'
import { scaled } from '../tests/deadlines.ts'
import { calibrate } from '../tests/pace.ts'

calibrate()
const pictures = process.argv[2]
const flags = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking']
const quiet = ['--disable-component-update', '--disable-sync']
const password = 'another correct horse battery'

const browser = await chromium.launch({
  executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
  headless: true,
  args: [...flags, ...quiet],
})
const folder = mkdtempSync(join(tmpdir(), 'denizen-passkeys-'))
const port = await freePort()
// WebAuthn needs a host name, not an address: the server listens on 127.0.0.1 and is opened as localhost.
const url = `http://localhost:${port}`
const server = spawn(process.execPath, ['--conditions=@denizen/source', 'apps/cli/src/main.ts', 'serve'], {
  env: {
    PATH: process.env['PATH'],
    HOME: folder,
    NO_COLOR: '1',
    DENIZEN_DATA_DIR: folder,
    DENIZEN_PORT: String(port),
    DENIZEN_PUBLIC_URL: url,
    DENIZEN_LOG_LEVEL: 'warn',
  },
  stdio: ['ignore', 'pipe', 'pipe'],
})
let printed = ''
for (const stream of [server.stdout, server.stderr]) stream.on('data', (chunk) => (printed += String(chunk)))
try {
  await until('the server is ready', async () => (await fetch(`${url}/readyz`)).ok)
  const given = await until('the first password', async () => /^ +password +(\S+)$/m.exec(printed)?.[1])
  const { accessToken } = completed(await createClient({ url }).auth.signIn({ identifier: 'superadmin', password: given }))
  const { users, factors, passkeys } = createClient({ url, token: accessToken })
  const { id: userId } = (await users.create({ username: 'ada', email: 'ada@example.com', password })) ?? { id: null }
  assert.ok(userId)
  const { page, complaints, key } = await open()

  await signIn(page)
  await page.getByText('You have no passkeys yet.').waitFor()
  await page.getByLabel('Name of the new passkey').fill('Laptop <b>')
  await page.getByRole('button', { name: 'Register a passkey' }).click()
  await page.getByText('Laptop <b> is registered').waitFor()
  await picture(page, 'registered')
  const [made] = (await passkeys.list({ userId })).passkeys
  assert.deepEqual([made?.name, made?.lastUsedAt], ['Laptop <b>', null])
  await page.getByRole('button', { name: 'Register a passkey' }).click()
  await page.getByText('already has a passkey for this account').waitFor()

  await page.getByRole('button', { name: 'Sign out' }).click()
  await page.getByText('You are signed out.').waitFor()
  await page.getByRole('button', { name: 'Sign in with a passkey' }).click()
  await page.getByText('You are signed in with your passkey.').waitFor()
  assert.equal(await page.locator('#who').textContent(), 'ada')
  await picture(page, 'signed-in')
  const [used] = (await passkeys.list({ userId })).passkeys
  assert.notEqual(used?.lastUsedAt, null, 'the use was noted')

  await page.getByRole('button', { name: 'Sign out' }).click()
  await signIn(page)
  await picture(page, 'second-factor')
  await page.getByRole('button', { name: 'Use a passkey' }).click()
  await page.getByText('You are signed in.').waitFor()

  await page.getByRole('button', { name: 'Sign out' }).click()
  // Two devices are approved: with a password and the passkey as second factor, and with the passkey alone.
  await approve(page, async () => {
    await page.getByLabel('Username or email address').fill('ada')
    await page.getByLabel('Password').fill(password)
    await page.getByRole('button', { name: 'Approve', exact: true }).click()
  })
  await approve(page, () => page.getByRole('button', { name: 'approve with a passkey' }).click())

  await page.goto(`${url}/passkeys`)
  await key.verifies(false)
  await page.getByRole('button', { name: 'Sign in with a passkey' }).click()
  await page.getByText('it was cancelled, or took too long').waitFor()
  await key.verifies(true)
  await factors.reset({ userId })
  await page.getByRole('button', { name: 'Sign in with a passkey' }).click()
  await page.getByText('The user or the password is wrong.').waitFor()
  await picture(page, 'refused')
  // Chromium logs every unsuccessful answer: these two are expected.
  assert.deepEqual(
    complaints.filter((text) => !/Failed to load resource: .* 401/.test(text)),
    [],
  )
  console.log('passkeys work in a browser')
} finally {
  await browser.close()
  server.kill('SIGTERM')
  if (server.exitCode === null) await once(server, 'exit')
  rmSync(folder, { recursive: true, force: true })
}

async function signIn(page: Page): Promise<void> {
  await page.getByLabel('Username or email address').fill('ada')
  await page.getByLabel('Password').fill(password)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
}

/** Approves a device login as a person does, after its first step; the device gets a session. */
async function approve(page: Page, firstStep: () => Promise<void>): Promise<void> {
  const { auth } = createClient({ url })
  const { verificationUriComplete, deviceCode } = await auth.startDeviceLogin({ clientName: 'television' })
  await page.goto(verificationUriComplete)
  await picture(page, 'device')
  await firstStep()
  await picture(page, 'device-passkey')
  await page.getByRole('button', { name: 'Approve with a passkey' }).click()
  await page.getByRole('heading', { name: 'Approved' }).waitFor()
  const answer = await auth.pollDeviceLogin({ deviceCode })
  assert.ok(answer.status === 'signedIn' && answer.user.username === 'ada')
}

interface Key {
  /** Whether it reports user verification. */
  verifies(isVerified: boolean): Promise<void>
}

/** The page in a browser with an authenticator; reports violations of its policy, missing files and errors of scripts. */
async function open(): Promise<{ page: Page; complaints: string[]; key: Key }> {
  const context = await browser.newContext({ viewport: { width: 1000, height: 860 } })
  const page = await context.newPage()
  page.setDefaultTimeout(scaled(30_000))
  const complaints: string[] = []
  page.on('console', (message) => complaints.push(message.text()))
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('request', (request) => {
    if (!request.url().startsWith(url)) complaints.push(`asked for ${request.url()}`)
  })
  const key = await virtualAuthenticator(await context.newCDPSession(page))
  await page.goto(`${url}/passkeys`)
  return { page, complaints, key }
}

async function virtualAuthenticator(devtools: CDPSession): Promise<Key> {
  await devtools.send('WebAuthn.enable')
  const { authenticatorId } = await devtools.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  })
  return {
    async verifies(isUserVerified) {
      await devtools.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified })
    },
  }
}

async function picture(page: Page, name: string): Promise<void> {
  if (pictures !== undefined) await page.screenshot({ path: join(pictures, `passkeys-${name}.png`), fullPage: true })
}

async function until<T>(what: string, ask: () => Promise<T | undefined | false>): Promise<T> {
  for (const deadline = performance.now() + scaled(60_000); performance.now() < deadline; await sleep(50)) {
    const answer = await ask().catch(() => undefined)
    if (answer !== undefined && answer !== false) return answer
  }
  throw new Error(`${what}: not in time. The server said:\n${printed}`)
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port: free } = probe.address() as AddressInfo
  probe.close()
  await once(probe, 'close')
  return free
}
