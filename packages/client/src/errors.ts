import { DenizenError, type ErrorKind } from '@denizen/core/calls'
import { TRPCClientError } from '@trpc/client'
import { longestUrl } from './links.ts'

/** What the server tells of a failure beside its text. */
interface DomainData {
  readonly domain?: { readonly code: string; readonly kind: ErrorKind; readonly details: Record<string, unknown> }
  readonly requestId?: string
  readonly httpStatus?: number
}

/** The DenizenError inside what a link threw; what goes wrong on the way has codes of its own, `client.…`. */
export function understood(error: unknown, url: string): unknown {
  if (!(error instanceof TRPCClientError)) return error
  const data = error.data as DomainData | null | undefined
  if (data?.domain !== undefined) {
    const { code, kind, details } = data.domain
    return new DenizenError(code, kind, error.message, details, error)
  }
  if (data?.httpStatus !== undefined) return new DenizenError('client.unexpectedAnswer', 'internal', error.message, { url, ...data }, error)
  return error.cause instanceof DenizenError ? error.cause : failedOnTheWay(error, url)
}

function failedOnTheWay(error: TRPCClientError<never>, url: string): DenizenError {
  const { cause, meta } = error
  const failure = (code: string, kind: ErrorKind, message: string, details: Record<string, unknown> = { url }) =>
    new DenizenError(code, kind, message, details, error)
  if (cause?.name === 'TimeoutError') return failure('client.timedOut', 'unavailable', `${url} did not answer in time. ${perhapsDone}`)
  if (cause?.name === 'AbortError') return failure('client.aborted', 'internal', `The call was given up. ${perhapsDone}`)
  if (error.message === saidByLinks.tooLong)
    return failure('request.urlTooLong', 'tooLarge', `The URL would be longer than ${longestUrl} characters.`, { most: longestUrl })
  // An answer that is no JSON at all comes without the response.
  if (meta?.['response'] !== undefined || cause instanceof SyntaxError || error.message === saidByLinks.missing) {
    const message = `What answers at ${url} is not Denizen, or something between garbled its answer.`
    return failure('client.unexpectedAnswer', 'unavailable', message)
  }
  const broken = brokenCodes.has(codeOf(cause))
  const message = broken ? `The connection to ${url} broke. ${perhapsDone}` : `No server answers at ${url}. Is it running?`
  return failure('client.unreachable', 'unavailable', message)
}

/** tRPC's links have no codes for what they find out themselves, only these texts. */
const saidByLinks = { tooLong: 'Input is too big for a single dispatch', missing: 'Missing result' } as const

const perhapsDone = 'A command may have been carried out all the same: repeat it with its idempotency key.'

/** How Node says that a connection was there, and is no more. */
const brokenCodes: ReadonlySet<string> = new Set([
  'ECONNRESET',
  'EPIPE',
  'UND_ERR_SOCKET',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
])

/** `fetch` says only that it failed; the reason is its cause. */
function codeOf(error: unknown): string {
  const reason = error instanceof Error ? error.cause : undefined
  return reason instanceof Error && 'code' in reason ? String(reason.code) : ''
}
