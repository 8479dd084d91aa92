import { databaseUnavailable, defineError, DenizenError, internal, invalidInput, unknownAction, type ErrorKind } from '@denizen/core'
import { TRPCError } from '@trpc/server'
import type { TRPC_ERROR_CODE_KEY } from '@trpc/server'

interface HttpError {
  readonly trpc: TRPC_ERROR_CODE_KEY
  readonly status: number
}

/** tRPC's code and the HTTP status of each kind of error. The only such table. */
const byKind: Readonly<Record<ErrorKind, HttpError>> = {
  invalid: { trpc: 'BAD_REQUEST', status: 400 },
  unauthenticated: { trpc: 'UNAUTHORIZED', status: 401 },
  denied: { trpc: 'FORBIDDEN', status: 403 },
  notFound: { trpc: 'NOT_FOUND', status: 404 },
  conflict: { trpc: 'CONFLICT', status: 409 },
  tooLarge: { trpc: 'PAYLOAD_TOO_LARGE', status: 413 },
  limited: { trpc: 'TOO_MANY_REQUESTS', status: 429 },
  unavailable: { trpc: 'SERVICE_UNAVAILABLE', status: 503 },
  internal: { trpc: 'INTERNAL_SERVER_ERROR', status: 500 },
}

export const methodNotAllowed = defineError<{ method: string; allowed: readonly string[] }>(
  'request.methodNotAllowed',
  'invalid',
  ({ method, allowed }) => `${method} is not allowed here: use ${allowed.join(' or ')}.`,
)
export const unsupportedMediaType = defineError(
  'request.unsupportedMediaType',
  'invalid',
  'The body has to be uncompressed JSON: send it with Content-Type: application/json.',
)
export const urlTooLong = defineError<{ most: number }>(
  'request.urlTooLong',
  'tooLarge',
  ({ most }) => `The URL is longer than ${most} characters.`,
)
export const bodyTooLarge = defineError<{ most: number }>(
  'request.tooLarge',
  'tooLarge',
  ({ most }) => `The body is larger than ${most} bytes.`,
)
export const batchTooLarge = defineError<{ most: number }>(
  'request.batchTooLarge',
  'tooLarge',
  ({ most }) => `A batch holds at most ${most} calls.`,
)
export const notBatched = defineError<{ header: string }>(
  'request.notBatched',
  'invalid',
  ({ header }) => `${header} applies to a single call: send that call on its own, not in a batch.`,
)
/** `origin`: of the page that made the call; null: it did not say. `site`: whether that is of the same site, as far as the browser said. */
export const foreignPage = defineError<{ origin: string | null; publicUrl: string; site: 'same' | 'other' }>(
  'request.foreignPage',
  'denied',
  ({ origin, publicUrl, site }) =>
    site === 'other'
      ? `This page belongs to another site than Denizen (${publicUrl}), and no session cookie goes from one site to another. Open the page and Denizen under one site (localhost and 127.0.0.1 are two), or keep the tokens in the page instead of cookies.`
      : `Calls with cookies are taken from pages of Denizen (${publicUrl}) and of allowed origins only${origin === null ? '' : `, not from ${origin}`}. If the page is yours, add its origin to DENIZEN_ALLOWED_ORIGINS.`,
)
export const noSuchResource = defineError('request.noSuchResource', 'notFound', 'There is nothing here.')

/** Errors for which HTTP has a status of its own. */
const byCode: Readonly<Record<string, HttpError>> = {
  [methodNotAllowed.code]: { trpc: 'METHOD_NOT_SUPPORTED', status: 405 },
  [unsupportedMediaType.code]: { trpc: 'UNSUPPORTED_MEDIA_TYPE', status: 415 },
  [urlTooLong.code]: { trpc: 'PAYLOAD_TOO_LARGE', status: 414 },
}

/** The HTTP status of a kind of error. */
export function statusOf(kind: ErrorKind): number {
  return byKind[kind].status
}

/** tRPC's code and the HTTP status of an error. */
export function httpErrorOf({ code, kind }: DenizenError): HttpError {
  return byCode[code] ?? byKind[kind]
}

/** The error for a malformed call, before any action has seen it: `request.invalid`. */
export function malformed(path: string, message: string): DenizenError {
  return invalidInput({ issues: [{ path, message }] })
}

/**
 * The DenizenError for anything that was thrown. The messages of unknown errors are never
 * sent to callers: they quote inputs, rows and files.
 */
export function toDomainError(thrown: unknown, { path, requestId }: { path: string | undefined; requestId: string }): DenizenError {
  if (thrown instanceof DenizenError) return thrown
  if (!(thrown instanceof TRPCError)) return internal({ requestId }, thrown)
  if (thrown.cause instanceof DenizenError) return thrown.cause
  switch (thrown.code) {
    case 'BAD_REQUEST':
    case 'PARSE_ERROR':
      return malformed('', thrown.cause instanceof SyntaxError ? 'this is not JSON' : 'this is not a valid tRPC call')
    case 'NOT_FOUND':
      return unknownAction({ action: (path ?? '').slice(0, 100) })
    case 'UNSUPPORTED_MEDIA_TYPE':
      return unsupportedMediaType({})
    default:
      return internal({ requestId }, thrown)
  }
}

/** The header fields of an error (RFC 9110: 10.2.1, 10.2.3, 11.6.1; RFC 6750: 3). */
export function errorHeaders(error: DenizenError, credential: 'none' | 'refused' | 'accepted'): readonly (readonly [string, string])[] {
  const headers: [string, string][] = []
  if (error.kind === 'unauthenticated')
    headers.push(['www-authenticate', credential === 'refused' ? 'Bearer error="invalid_token"' : 'Bearer'])
  const after = retryAfter(error)
  if (after !== null) headers.push(['retry-after', String(after)])
  headers.push(...rateLimitHeaders(error))
  const { allowed } = error.details
  if (error.code === methodNotAllowed.code && Array.isArray(allowed)) headers.push(['allow', allowed.join(', ')])
  return headers
}

/** How many calls a minute are allowed, and when the next is, where that is limited (draft-ietf-httpapi-ratelimit-headers). */
function rateLimitHeaders({ kind, details: { limit, retryAfter: seconds } }: DenizenError): readonly [string, string][] {
  if (kind !== 'limited' || typeof limit !== 'number' || typeof seconds !== 'number') return []
  return [
    ['ratelimit-policy', `"minute";q=${limit};w=60`],
    ['ratelimit', `"minute";r=0;t=${seconds}`],
  ]
}

/** Seconds to wait before trying again. */
function retryAfter({ code, kind, details }: DenizenError): number | null {
  const { retryAfter: seconds } = details
  if (typeof seconds === 'number' && Number.isFinite(seconds)) return Math.max(0, Math.ceil(seconds))
  if (kind !== 'unavailable') return null
  return code === databaseUnavailable.code ? 5 : 1
}
