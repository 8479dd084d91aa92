import { request } from 'node:http'
import { within } from './deadlines.ts'

/** An answer as it came over the wire. */
export interface RawAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  readonly text: string
}

export interface RawRequest {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Buffer
}

/**
 * Sends a path exactly as it is written, which `fetch` would tidy up first. A server that refuses a body may close while it is still being
 * written, and Node then loses the answer with EPIPE (RFC 9112, section 9.6): nothing was done, so it is sent again.
 */
export async function send(url: string, path: string, request: RawRequest = {}): Promise<RawAnswer> {
  for (let time = 1; ; time++) {
    try {
      return await sendOnce(url, path, request)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EPIPE' || time === 10) throw error
    }
  }
}

function sendOnce(url: string, path: string, { method = 'GET', headers = {}, body }: RawRequest): Promise<RawAnswer> {
  const { hostname, port } = new URL(url)
  const answered = new Promise<RawAnswer>((resolve, reject) => {
    const sent = request({ hostname, port, path, method, headers, agent: false }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }))
      response.on('error', reject)
    })
    sent.on('error', reject)
    sent.end(body)
  })
  return within(20_000, `an answer to ${method} ${path.slice(0, 80)}`, answered)
}

export interface WireError {
  readonly code: string
  readonly kind: string
  readonly message: string
  readonly details: { readonly issues?: readonly { readonly path: string; readonly message: string }[] }
}

type WireFailure = Partial<WireError> & {
  readonly detail?: string
  readonly error?: { readonly json?: { readonly message: string; readonly data: { readonly domain: Partial<WireError> } } }
}

/** The failure in an answer of tRPC, or of REST. */
export function failureIn({ text }: RawAnswer): WireError {
  const parsed = JSON.parse(text) as unknown
  const body = (Array.isArray(parsed) ? parsed[0] : parsed) as WireFailure
  const { message, data } = body.error?.json ?? {}
  const failure = data?.domain ?? body
  if (typeof failure.code !== 'string') throw new Error(`no failure in: ${text.slice(0, 300)}`)
  return { code: failure.code, kind: failure.kind ?? '', message: message ?? body.detail ?? '', details: failure.details ?? {} }
}
