import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { DenizenError } from '../index.ts'

/** A server that answers as a test needs it, and counts requests. */
export interface OddServer {
  readonly url: string
  readonly requests: number
  close(): Promise<void>
}

export async function oddServer(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<OddServer> {
  let requests = 0
  const server = createServer((request, response) => {
    requests++
    answer(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get requests() {
      return requests
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** The error of a call that has to fail. */
export async function failureOf(call: PromiseLike<unknown>): Promise<DenizenError> {
  const failed = Symbol('failed')
  const outcome = await Promise.resolve(call).then(
    (answer) => ({ answer }),
    (error: unknown) => ({ [failed]: error }),
  )
  if (!(failed in outcome)) throw new Error(`the call should have failed; it answered ${JSON.stringify(outcome)}`)
  return outcome[failed] as DenizenError
}

/** A fetch that records method and path of each request. */
export function listeningFetch(): { fetch: typeof globalThis.fetch; heard: string[] } {
  const heard: string[] = []
  return {
    heard,
    fetch(input, init) {
      const { pathname } = new URL(input instanceof Request ? input.url : input)
      heard.push(`${init?.method ?? 'GET'} ${pathname.replace('/trpc/', '')}`)
      return fetch(input, init)
    },
  }
}
