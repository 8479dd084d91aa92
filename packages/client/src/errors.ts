import { DenizenError, type ErrorKind } from '@denizen/core/calls'
import { TRPCClientError } from '@trpc/client'

/** What the server tells of a failure beside its text. */
interface DomainData {
  readonly domain?: { readonly code: string; readonly kind: ErrorKind; readonly details: Record<string, unknown> }
  readonly requestId?: string
  readonly httpStatus?: number
}

/** The DenizenError inside what a link threw; a server that is away or is none has codes of its own. */
export function understood(error: unknown, url: string): unknown {
  if (!(error instanceof TRPCClientError)) return error
  const data = error.data as DomainData | null | undefined
  if (data?.domain !== undefined) {
    const { code, kind, details } = data.domain
    return new DenizenError(code, kind, error.message, details, error)
  }
  if (data?.httpStatus !== undefined) return new DenizenError('client.unexpectedAnswer', 'internal', error.message, { url, ...data }, error)
  const answered = error.meta?.['response'] !== undefined
  return answered
    ? new DenizenError(
        'client.unexpectedAnswer',
        'unavailable',
        `What answers at ${url} is not Denizen, or something between garbled its answer.`,
        { url },
        error,
      )
    : new DenizenError('client.unreachable', 'unavailable', `No server answers at ${url}. Is it running? (denizen serve)`, { url }, error)
}
