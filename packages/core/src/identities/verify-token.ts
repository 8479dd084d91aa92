import { decodeProtectedHeader, errors, jwtVerify, type JWTPayload, type JWTVerifyOptions, type LocalJWKSet } from 'jose'
import type { IdentityProvider } from '../kernel/settings.ts'
import { keysOf, type ProviderPorts } from './discovery.ts'
import { warnAbout } from './warnings.ts'

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
 * Connect Core 1.0: 3.1.3.7). null: not valid, for whatever reason. The operator is told of one that
 * the provider itself sent, because there the configuration is wrong.
 */
export async function verifiedPayload(
  ports: ProviderPorts,
  provider: IdentityProvider,
  token: string,
  expected: Expected,
): Promise<JWTPayload | null> {
  const refuse = (reason: string): null => {
    if (expected.nonce !== null) warnAbout(ports, provider, `its ID token was refused: ${reason}`)
    return null
  }
  const keys = isReadable(token) ? await keysOf(ports, { ...provider, kind: expected.kind }) : null
  if (keys === null) return refuse('it is not a token with an asymmetric signature')
  const now = ports.clock.now()
  try {
    const payload = await verify(token, keys, { issuer: provider.issuer, currentDate: now, requiredClaims: ['sub', 'exp', 'iat'] })
    if (!isFor(payload, expected)) return refuse('it is for another client, or of another request')
    return isNow(payload, now) ? payload : refuse('it was issued in the future; compare the clocks')
  } catch (error) {
    if (error instanceof errors.JOSEError) return refuse(error.message)
    throw error
  }
}

/**
 * Verifies a signed answer of the userinfo endpoint and returns its claims: issuer and audience
 * must be those of the request (OpenID Connect Core 1.0: 5.3.2). null: not valid.
 */
export async function verifiedUserInfo(
  ports: ProviderPorts,
  provider: IdentityProvider,
  token: string,
  audience: string,
): Promise<JWTPayload | null> {
  if (!isReadable(token)) return null
  try {
    return await verify(token, await keysOf(ports, provider), { issuer: provider.issuer, audience, currentDate: ports.clock.now() })
  } catch (error) {
    if (error instanceof errors.JOSEError) return null
    throw error
  }
}

/** Keys without an id, or with the same one, are tried in turn: providers publish both (RFC 7517: 4.5). */
async function verify(token: string, keys: LocalJWKSet, wanted: JWTVerifyOptions): Promise<JWTPayload> {
  const options = { algorithms: [...algorithms], clockTolerance: leeway, ...wanted }
  try {
    return (await jwtVerify(token, keys, options)).payload
  } catch (error) {
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error
    for await (const key of error) {
      try {
        return (await jwtVerify(token, key, options)).payload
      } catch (failure) {
        if (!(failure instanceof errors.JWSSignatureVerificationFailed)) throw failure
      }
    }
    throw new errors.JWSSignatureVerificationFailed()
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
