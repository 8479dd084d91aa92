import { decodeProtectedHeader, errors, jwtVerify, type JWTPayload } from 'jose'
import type { IdentityProvider } from '../kernel/settings.ts'
import type { Ports } from '../ports/index.ts'
import { keysOf } from './discovery.ts'

/** Signatures that only the provider can make: with a shared key, whoever verifies could sign too, and `none` is none. */
const algorithms = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'] as const

/** Seconds that clocks may be apart. */
const leeway = 60

/** What a token has to be for. */
export interface Expected {
  /** Whom it was issued to or for. */
  readonly audiences: readonly string[]
  /** Ours, when it answers a question of ours; null: it was brought unasked. */
  readonly nonce: string | null
  /** How the provider says whom a token is for: Clerk's session tokens name the place that they were issued to (`azp`). */
  readonly kind: IdentityProvider['kind']
}

/**
 * The claims of a token that the provider signed for us, and that counts now (OpenID
 * Connect Core 1.0: 3.1.3.7). null: it is none; why, whoever brings it is not told.
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

/** Nobody is asked for keys because of something that is no ID token at all: other tokens of the provider say so in their type (RFC 8725: 3.11). */
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
  // An event that the provider tells of (a logout, RFC 8417) is signed with the same keys.
  if (!party || events !== undefined) return false
  if (expected.nonce !== null && nonce !== expected.nonce) return false
  if (expected.kind === 'clerk') return azp !== undefined && (aud === undefined || named)
  return named && (audiences.length === 1 || azp !== undefined)
}

function isNow({ iat = Number.NaN }: JWTPayload, now: Date): boolean {
  return iat <= now.getTime() / 1000 + leeway
}
