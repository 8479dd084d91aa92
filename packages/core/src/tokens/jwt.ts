import { errors, jwtVerify, SignJWT, type CryptoKey, type JWTPayload } from 'jose'
import type { Principal, SignedLimits } from '../kernel/actor.ts'
import type { Settings } from '../kernel/settings.ts'
import type { SigningOrder } from '../kernel/credentials.ts'
import { isId, newId } from '../kernel/id.ts'
import type { Ports } from '../ports/index.ts'
import { signingAlgorithm, type KeyRing } from './keyring.ts'
import type { TokenId } from './model.ts'

type Kind = SignedLimits['kind']

/** Milliseconds that each kind lasts. */
const signedLifetimes: Readonly<Record<Kind, number>> = { websocket: 5 * 60_000, agent: 15 * 60_000 }

/** `typ` of the header (RFC 8725: 3.11): one kind is never taken for the other, nor for a token of somebody else's making. */
const types: Readonly<Record<Kind, string>> = { websocket: 'websocket+jwt', agent: 'at+jwt' }

/** Longer text is not looked at. */
const longestToken = 8192

/** A verified signed token; what it may do depends on the credential that it was issued from. */
export interface Verified {
  readonly tokenId: TokenId
  readonly limits: SignedLimits
  readonly claims: { readonly id: string; readonly audience: string; readonly issuedAt: Date }
}

/** Whether a text looks like a signed token; a cheap check. */
export function looksSigned(text: string): boolean {
  return text.startsWith('eyJ') && text.length <= longestToken
}

/** The audience of the tokens that Denizen itself accepts. */
export function ownAudience({ publicUrl }: Pick<Settings, 'publicUrl'>, kind: Kind): string {
  return kind === 'websocket' ? `${publicUrl}/websocket` : publicUrl
}

/** Signs a token for the user of a credential (RFC 7519, RFC 9068). It never outlasts the credential. */
export async function signToken(
  ring: KeyRing,
  { settings, ports }: { settings: Settings; ports: Pick<Ports, 'clock' | 'random'> },
  principal: Principal,
  { kind, audience, scopes }: SigningOrder,
): Promise<{ readonly token: string; readonly expiresAt: Date }> {
  const now = ports.clock.now()
  const seconds = Math.floor(Math.min(now.getTime() + signedLifetimes[kind], principal.expiresAt?.getTime() ?? Infinity) / 1000)
  const { id, key } = await ring.signing()
  const token = await new SignJWT({
    iss: settings.publicUrl,
    sub: principal.userId,
    aud: audience ?? ownAudience(settings, kind),
    exp: seconds,
    iat: Math.floor(now.getTime() / 1000),
    jti: newId('jwt', now, ports.random.bytes(10)),
    client_id: 'denizen',
    tid: principal.tokenId,
    kind,
    ...(principal.sessionId !== null && { sid: principal.sessionId }),
    ...(scopes !== null && { scope: scopes.join(' ') }),
    // An impersonator is named as the actor (RFC 8693: 4.1).
    ...(principal.impersonator !== null && { act: { sub: principal.impersonator.userId } }),
  })
    .setProtectedHeader({ alg: signingAlgorithm, kid: id, typ: types[kind] })
    .sign(key)
  return { token, expiresAt: new Date(seconds * 1000) }
}

/**
 * Verifies a signed token: signed by one of Denizen's keys, for one of the
 * audiences, and not expired; else null. Nothing in it is trusted before:
 * the algorithm is ours, and its key has to be one that is published.
 */
export async function verifyToken(
  ring: KeyRing,
  token: string,
  { issuer, audiences, now }: { issuer: string; audiences: (kind: Kind) => readonly string[]; now: Date },
): Promise<Verified | null> {
  if (!looksSigned(token)) return null
  try {
    const options = { algorithms: [signingAlgorithm], issuer, currentDate: now, requiredClaims: ['sub', 'aud', 'exp', 'iat', 'jti', 'tid'] }
    const { payload, protectedHeader } = await jwtVerify<JWTPayload, CryptoKey>(token, ({ kid }) => keyNamed(ring, kid), options)
    const { kind, tid, scope, aud, exp, iat, jti } = payload
    if (kind !== 'websocket' && kind !== 'agent') return null
    if (protectedHeader.typ !== types[kind] || typeof aud !== 'string' || !audiences(kind).includes(aud)) return null
    if (typeof tid !== 'string' || !isId('tok', tid) || (scope !== undefined && typeof scope !== 'string')) return null
    const scopes = scope === undefined ? null : scope.split(' ').filter((pattern) => pattern !== '')
    return {
      tokenId: tid,
      limits: { kind, scopes, expiresAt: new Date((exp ?? 0) * 1000) },
      claims: { id: jti ?? '', audience: aud, issuedAt: new Date((iat ?? 0) * 1000) },
    }
  } catch (error) {
    if (error instanceof errors.JOSEError) return null
    throw error
  }
}

async function keyNamed(ring: KeyRing, kid: string | undefined) {
  const key = kid === undefined || !isId('key', kid) ? null : await ring.verifying(kid)
  if (key === null) throw new errors.JWKSNoMatchingKey()
  return key
}
