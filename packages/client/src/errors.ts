import { DenizenError, type DenizenErrorCode, type ErrorKind } from '@denizen/core/calls'
import type { TRPCClientError } from '@trpc/client'
import { longestUrl } from './transport.ts'

/** The `data` of an error answer. */
interface DomainData {
  /** A newer server may send codes that this version does not know: whoever handles errors needs a default. */
  readonly domain?: { readonly code: DenizenErrorCode; readonly kind: ErrorKind; readonly details: Record<string, unknown> }
  readonly requestId?: string
  readonly httpStatus?: number
}

/** Whether this is an error of a tRPC link. By its name: a program may have several copies of tRPC, each with a class of its own. */
function isOfLink(error: unknown): error is TRPCClientError<never> {
  return error instanceof Error && error.name === 'TRPCClientError'
}

/** The error as the server described it. undefined: it did not come from Denizen. */
export function domainOf(error: unknown): DomainData['domain'] {
  const domain = isOfLink(error) ? (error.data as DomainData | null | undefined)?.domain : undefined
  // Another program may call something else its domain.
  return typeof domain?.code === 'string' && typeof domain.details === 'object' ? domain : undefined
}

/** The DenizenError for an error of a tRPC link. Errors of the transport have codes of their own, `client.…`. */
export function toDomainError(error: unknown, url: string): unknown {
  if (!isOfLink(error)) return error
  const domain = domainOf(error)
  if (domain !== undefined) {
    const details = { ...domain.details }
    delete details['next'] // what to do next is said by the command line, never by a server
    return new DenizenError(domain.code, domain.kind, error.message, details, error)
  }
  const data = error.data as DomainData | null | undefined
  if (data?.httpStatus !== undefined) return new DenizenError('client.unexpectedAnswer', 'internal', error.message, { url, ...data }, error)
  return error.cause instanceof DenizenError ? error.cause : transportError(error, url)
}

function transportError(error: TRPCClientError<never>, url: string): DenizenError {
  const { cause, meta } = error
  const transportFailure = (code: DenizenErrorCode, kind: ErrorKind, message: string, details: Record<string, unknown> = { url }) =>
    new DenizenError(code, kind, message, details, error)
  if (cause?.name === 'TimeoutError')
    return transportFailure('client.timedOut', 'unavailable', `${url} did not answer in time. ${mayHaveRun}`)
  if (cause?.name === 'AbortError') return transportFailure('client.aborted', 'internal', `The call was aborted. ${mayHaveRun}`)
  if (error.message === linkMessages.tooLong)
    return transportFailure('request.urlTooLong', 'tooLarge', `The URL would be longer than ${longestUrl} characters.`, {
      most: longestUrl,
    })
  // superjson refuses such keys before anything is sent.
  if (cause?.message.includes('prototype pollution') === true) return transportFailure('request.invalid', 'invalid', cause.message, {})
  // If an answer is not JSON, the error comes without the response.
  if (meta?.['response'] !== undefined || cause instanceof SyntaxError || error.message === linkMessages.missing) {
    const message = `The server at ${url} is not Denizen, or a proxy changed its answer.`
    return transportFailure('client.unexpectedAnswer', 'unavailable', message)
  }
  const broken = brokenCodes.has(codeOf(cause))
  return transportFailure('client.unreachable', 'unavailable', broken ? `The connection to ${url} broke. ${mayHaveRun}` : noAnswerFrom(url))
}

/** Nobody answered. To the script of a page, a server that does not allow its origin looks like no server (Fetch Standard). */
function noAnswerFrom(url: string): string {
  const { document, location } = globalThis as { readonly document?: object; readonly location?: { readonly origin: string } }
  const page = document && location?.origin
  if (page === undefined || page === new URL(url, page).origin)
    return `No server answers at ${url}. ${/^https?:/.test(url) ? 'Is it running?' : 'It has to begin with http:// or https://.'}`
  return `No answer from ${url}: it is not running, or it does not allow ${page} (then its log says so, and ${page} has to be added to its DENIZEN_ALLOWED_ORIGINS). With cookies, use one host name for both: localhost and 127.0.0.1 are two sites.`
}

/** tRPC's links have no codes for their own errors, only these messages. */
const linkMessages = { tooLong: 'Input is too big for a single dispatch', missing: 'Missing result' } as const

const mayHaveRun = 'A command may have run all the same: repeat it with its idempotency key.'

/** Node's codes for a connection that broke after it was established. */
const brokenCodes: ReadonlySet<string> = new Set([
  'ECONNRESET',
  'EPIPE',
  'UND_ERR_SOCKET',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
])

/** `fetch` only says that it failed; the reason is in the cause. */
function codeOf(error: unknown): string {
  const reason = error instanceof Error ? error.cause : undefined
  return reason instanceof Error && 'code' in reason ? String(reason.code) : ''
}
