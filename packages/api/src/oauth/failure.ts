import type { DenizenError, DenizenErrorCode } from '@denizen/core'
import { json, type Answer, type Fields } from '../answer.ts'
import { errorHeaders, httpErrorOf, methodNotAllowed } from '../errors.ts'

/** The error codes of RFC 6749 (5.2), RFC 8628 (3.5), RFC 6750 (3.1) and RFC 7009 (2.2.1). */
export type OAuthErrorCode =
  | 'invalid_request'
  | 'invalid_client'
  | 'invalid_grant'
  | 'invalid_scope'
  | 'invalid_token'
  | 'insufficient_scope'
  | 'unsupported_grant_type'
  | 'unsupported_token_type'
  | 'authorization_pending'
  | 'slow_down'
  | 'access_denied'
  | 'expired_token'
  | 'temporarily_unavailable'
  | 'server_error'

/** An error with an OAuth code. Only `failureAnswer` handles it. */
export class OAuthFailure extends Error {
  readonly code: OAuthErrorCode

  constructor(code: OAuthErrorCode, message: string) {
    super(message)
    this.code = code
  }
}

export function oauthFailure(code: OAuthErrorCode, message: string): OAuthFailure {
  return new OAuthFailure(code, message)
}

/** Denizen errors that have their own OAuth code. */
const byCode: Readonly<Partial<Record<DenizenErrorCode, OAuthErrorCode>>> = {
  'auth.deviceCodeExpired': 'expired_token',
  'auth.deviceDenied': 'access_denied',
}

/** The OAuth code of an error, and a status other than 400 where HTTP has one that fits better. */
function oauthErrorOf(error: DenizenError): { code: OAuthErrorCode; status: number } {
  const named = byCode[error.code]
  if (named !== undefined) return { code: named, status: 400 }
  const { status } = httpErrorOf(error)
  switch (error.kind) {
    case 'internal':
      return { code: 'server_error', status }
    case 'unavailable':
    case 'limited':
      return { code: 'temporarily_unavailable', status }
    case 'unauthenticated':
    case 'notFound':
      return { code: 'invalid_grant', status: 400 }
    case 'denied':
      return { code: 'access_denied', status: 400 }
    case 'conflict':
      return { code: 'invalid_grant', status: 400 }
    case 'invalid':
    case 'tooLarge':
      return { code: 'invalid_request', status: error.code === methodNotAllowed.code || error.kind === 'tooLarge' ? status : 400 }
  }
}

/** The answer to a request that failed. */
export function failureAnswer(error: DenizenError | OAuthFailure): Answer {
  if (!(error instanceof OAuthFailure)) {
    const { code, status } = oauthErrorOf(error)
    const headers = error.kind === 'unauthenticated' ? [] : errorHeaders(error, 'none')
    return errorAnswer(status, code, error.message, headers)
  }
  switch (error.code) {
    case 'invalid_client':
      // RFC 6749, 5.2: the answer to an attempted authentication names a scheme. Clients are public, so it can only be Bearer.
      return errorAnswer(401, error.code, error.message, [['www-authenticate', 'Bearer']])
    case 'invalid_token':
      return errorAnswer(401, error.code, error.message, [['www-authenticate', 'Bearer error="invalid_token"']])
    case 'insufficient_scope':
      return errorAnswer(403, error.code, error.message, [['www-authenticate', 'Bearer error="insufficient_scope"']])
    default:
      return errorAnswer(400, error.code, error.message, [])
  }
}

/** The description is for developers, in the characters that RFC 6749 allows. */
function errorAnswer(status: number, error: OAuthErrorCode, message: string, headers: Fields): Answer {
  const description = message.replaceAll(/[^\x20-\x21\x23-\x5b\x5d-\x7e]/g, ' ')
  return {
    status,
    headers: [['pragma', 'no-cache'], ...headers],
    contentType: json,
    body: JSON.stringify({ error, error_description: description }),
  }
}
