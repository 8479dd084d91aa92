import type { ServerResponse } from 'node:http'

export type Fields = readonly (readonly [string, string])[]

/** An answer that is complete before its first byte is sent. */
export interface Answer {
  readonly status: number
  readonly headers?: Fields
  readonly contentType: string
  readonly body: string
}

export const json = 'application/json'

/** Every answer has these: nobody may store it, guess at its type, or show it as a page. */
const always = [
  'cache-control',
  'no-store',
  'x-content-type-options',
  'nosniff',
  'content-security-policy',
  "default-src 'none'; frame-ancestors 'none'",
]

/** The fields that every answer of a request has; a draining server says that it hears no more on this connection. */
export function commonFields(requestId: string, draining: boolean): string[] {
  return draining ? ['x-request-id', requestId, ...always, 'connection', 'close'] : ['x-request-id', requestId, ...always]
}

/** Sends an answer, or nothing to a client that has left. */
export function send(
  response: ServerResponse,
  requestId: string,
  draining: boolean,
  { status, headers = [], contentType, body }: Answer,
): void {
  if (response.destroyed || response.headersSent) return
  const fields = commonFields(requestId, draining)
  for (const [name, value] of headers) fields.push(name, value)
  if (status !== 204) fields.push('content-type', contentType, 'content-length', String(Buffer.byteLength(body)))
  response.writeHead(status, fields)
  response.end(response.req.method === 'HEAD' ? undefined : body)
}
