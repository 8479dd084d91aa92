import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll } from 'vitest'

interface Relayed {
  /** Waits before a request is passed on. */
  readonly before?: (path: string) => Promise<void> | void
  /** What is answered instead of the text of a server's answer. */
  readonly answer?: (text: string) => string
}

/** A server that stands between the command and another one. Gives its URL. */
export async function relay(to: string, { before = () => {}, answer = (text) => text }: Relayed): Promise<string> {
  const server = createServer((request, response) => {
    void (async () => {
      const chunks: Buffer[] = []
      for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
      const { method = 'GET', url = '/' } = request
      await before(url)
      const body = method === 'POST' ? { body: Buffer.concat(chunks) } : {}
      const answered = await fetch(to + url, { method, headers: passedOn(request.headers), ...body })
      response.writeHead(answered.status, { 'content-type': 'application/json' })
      response.end(answer(await answered.text()))
    })()
  })
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  afterAll(() => server.close().closeAllConnections())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** Headers of the connection itself stay there. */
function passedOn(headers: NodeJS.Dict<string | string[]>): [string, string][] {
  return Object.entries(headers).flatMap(([name, value]) =>
    typeof value === 'string' && !['host', 'connection', 'content-length'].includes(name) ? [[name, value] as [string, string]] : [],
  )
}
