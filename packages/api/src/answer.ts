import type { ServerResponse } from 'node:http'

export type Fields = readonly (readonly [string, string])[]

/** An answer that is complete before its first byte is sent. */
export interface Answer {
  readonly status: number
  readonly headers?: Fields
  readonly contentType: string
  readonly body: string
  /** What a page may load and do, where it is one (Content-Security-Policy). Default: nothing. */
  readonly policy?: string
  /** How long it may be stored, and by whom (Cache-Control). Default: not at all. */
  readonly caching?: string
}

export const json = 'application/json'

/** Every answer has these: nobody may guess at its type, and store it only if it says so. */
const always = ['x-content-type-options', 'nosniff', 'cache-control']

/** Nobody may show it as a page. */
const noPage = "default-src 'none'; frame-ancestors 'none'"

/** The fields that every answer of a request has; a draining server says that it hears no more on this connection. */
export function commonFields(requestId: string, draining: boolean, policy = noPage, caching = 'no-store'): string[] {
  const fields = ['x-request-id', requestId, ...always, caching, 'content-security-policy', policy]
  return draining ? [...fields, 'connection', 'close'] : fields
}

/** Sends an answer, or nothing to a client that has left. */
export function send(
  response: ServerResponse,
  requestId: string,
  draining: boolean,
  { status, headers = [], contentType, body, policy, caching }: Answer,
  /** Names and values in turn. */
  more: readonly string[] = [],
): void {
  if (response.destroyed || response.headersSent) return
  const fields = commonFields(requestId, draining, policy, caching)
  for (const [name, value] of headers) fields.push(name, value)
  fields.push(...more)
  if (status !== 204) fields.push('content-type', contentType, 'content-length', String(Buffer.byteLength(body)))
  response.writeHead(status, fields)
  response.end(response.req.method === 'HEAD' ? undefined : body)
}
