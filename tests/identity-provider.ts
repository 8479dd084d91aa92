import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import type { Clock } from '@denizen/core'
import { TestProvider, TestWeb } from '@denizen/core/testing'

/** An identity provider that listens on this machine, for every server that a test starts. */
export interface LocalProvider {
  readonly provider: TestProvider
  /** The file that DENIZEN_IDENTITY_PROVIDERS names. */
  readonly file: string
}

const opened = new Map<Clock, Promise<LocalProvider>>()

/** The one of this process that signs what it says at the time of a clock. It ends with the process. */
export function localProvider(clock: Clock): Promise<LocalProvider> {
  const provider = opened.get(clock) ?? open(clock)
  opened.set(clock, provider)
  return provider
}

async function open(clock: Clock): Promise<LocalProvider> {
  const web = new TestWeb()
  const server = createServer((request, response) => {
    const answer = async (): Promise<void> => {
      const { method, url = '/' } = request
      const headers = Object.fromEntries(
        Object.entries(request.headers).flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : [])),
      )
      const { status, body } = await web.ask({
        url: `${issuer}${url}`,
        method: method === 'POST' ? 'POST' : 'GET',
        headers,
        body: await text(request),
      })
      response.writeHead(status, { 'content-type': 'application/json' }).end(body)
    }
    answer().catch(() => response.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  server.unref()
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const provider = await TestProvider.open({ web, clock }, TestProvider.configured('local', { issuer }))
  const directory = mkdtempSync(join(tmpdir(), 'denizen-provider-'))
  process.once('exit', () => rmSync(directory, { recursive: true, force: true }))
  const file = join(directory, 'providers.json')
  writeFileSync(file, JSON.stringify([provider.settings]))
  return { provider, file }
}
