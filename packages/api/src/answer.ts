import type { ServerResponse } from 'node:http'

export type Fields = readonly (readonly [string, string])[]

/** An answer that is complete before its first byte is sent. */
export interface Answer {
  readonly status: number
  readonly headers?: Fields
  readonly contentType: string
  /** A page is made when it is sent, for an installation of that name; `home` is the address of its first page, as seen from there. */
  readonly body: string | ((installation: string, home: string) => string)
  /** Content-Security-Policy: what a page may load and do. Default: nothing. */
  readonly policy?: string
  /** Cache-Control: how long it may be stored, and by whom. Default: not at all. */
  readonly caching?: string
}

export const json = 'application/json'

/** Header fields of every answer: its type may not be guessed, and it is stored only if it says so. */
const always = ['x-content-type-options', 'nosniff', 'cache-control']

/** It may not be shown as a page. */
const noPage = "default-src 'none'; frame-ancestors 'none'"

/** The header fields of every answer. A draining server also closes the connection. */
export function commonFields(requestId: string, draining: boolean, policy = noPage, caching = 'no-store'): string[] {
  const fields = ['x-request-id', requestId, ...always, caching, 'content-security-policy', policy]
  return draining ? [...fields, 'connection', 'close'] : fields
}

/** An answer that is whole. */
export interface WholeAnswer extends Answer {
  readonly body: string
}

/** Sends an answer; does nothing if the client has left. */
export function send(
  response: ServerResponse,
  requestId: string,
  draining: boolean,
  { status, headers = [], contentType, body, policy, caching }: WholeAnswer,
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
