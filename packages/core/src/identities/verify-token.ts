import { decodeProtectedHeader, errors, jwtVerify, type JWTPayload } from 'jose'
import type { IdentityProvider } from '../kernel/settings.ts'
import type { Ports } from '../ports/index.ts'
import { keysOf } from './discovery.ts'

/** Asymmetric algorithms only: with a shared key the verifier could sign too, and `none` is not a signature. */
const algorithms = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'] as const

/** Seconds of clock skew. */
const leeway = 60

/** What a token must be issued for. */
export interface Expected {
  /** The accepted audiences. */
  readonly audiences: readonly string[]
  /** The expected nonce; null: the token does not belong to a redirect. */
  readonly nonce: string | null
  /** How the provider names the audience: Clerk's session tokens name the origin in `azp`. */
  readonly kind: IdentityProvider['kind']
}

/**
 * Verifies a token of a provider and returns its claims (OpenID
 * Connect Core 1.0: 3.1.3.7). null: not valid, for whatever reason.
 */
export async function verifiedPayload(
  ports: Pick<Ports, 'web' | 'clock'>,
  provider: IdentityProvider,
  token: string,
  expected: Expected,
): Promise<JWTPayload | null> {
  const keys = isReadable(token) ? await keysOf(ports, { ...provider, kind: expected.kind }) : null
  if (keys === null) return null
  const now = ports.clock.now()
  try {
    const { payload } = await jwtVerify(token, keys, {
      algorithms: [...algorithms],
      issuer: provider.issuer,
      currentDate: now,
      clockTolerance: leeway,
      requiredClaims: ['sub', 'exp', 'iat'],
    })
    return isFor(payload, expected) && isNow(payload, now) ? payload : null
  } catch (error) {
    if (error instanceof errors.JOSEError) return null
    throw error
  }
}

/** Keys are fetched only for something that looks like an ID token: other tokens have another type (RFC 8725: 3.11). */
function isReadable(token: string): boolean {
  try {
    const { typ, alg } = decodeProtectedHeader(token)
    return algorithms.some((known) => known === alg) && (typ === undefined || typ.toUpperCase() === 'JWT')
  } catch {
    return false
  }
}

function isFor({ aud, azp, nonce, events }: JWTPayload, expected: Expected): boolean {
  const audiences = aud === undefined ? [] : [aud].flat()
  const named = audiences.some((audience) => expected.audiences.includes(audience))
  const party = azp === undefined || (typeof azp === 'string' && expected.audiences.includes(azp))
  // Security event tokens (RFC 8417) are signed with the same keys.
  if (!party || events !== undefined) return false
  if (expected.nonce !== null && nonce !== expected.nonce) return false
  if (expected.kind === 'clerk') return azp !== undefined && (aud === undefined || named)
  return named && (audiences.length === 1 || azp !== undefined)
}

function isNow({ iat = Number.NaN }: JWTPayload, now: Date): boolean {
  return iat <= now.getTime() / 1000 + leeway
}
