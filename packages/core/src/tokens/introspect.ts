import { defineInquiry } from '../kernel/action.ts'
import type { Introspected } from '../kernel/credentials.ts'
import type { QueryContext } from '../kernel/context.ts'
import { mayCallFrom } from '../kernel/actor.ts'
import { grantedEverywhere } from '../kernel/rule.ts'
import { tokensSignatures } from './signatures.ts'

interface TokenInput {
  readonly token: string
  readonly ip?: string | undefined
}

export const verifyToken = defineInquiry(tokensSignatures.verify, {
  allow: grantedEverywhere,
  async handle(context, shown) {
    const found = await findActive(context, shown)
    if (found === null) return { active: false as const }
    const { principal, claims } = found
    const { credential, userId, username, tokenId, scopes, pendingSteps, expiresAt, impersonator } = principal
    return {
      active: true as const,
      kind: credential,
      user: { id: userId, username },
      tokenId,
      scopes: scopes === null ? null : [...scopes],
      organizationId: principal.grants.onlyIn ?? null,
      impersonator: impersonator === null ? null : { id: impersonator.userId, username: impersonator.username },
      audience: claims?.audience ?? null,
      pendingSteps: [...pendingSteps],
      expiresAt,
    }
  },
})

/** RFC 7662: 2.2. An invalid token is answered with nothing but that it is inactive. */
export const introspectToken = defineInquiry(tokensSignatures.introspect, {
  allow: grantedEverywhere,
  async handle(context, shown) {
    const found = await findActive(context, shown)
    // While a step is owed the token is good for that step only, which no resource server knows of.
    if (found === null || found.principal.pendingSteps.length > 0) return { active: false }
    const { principal, claims } = found
    const { impersonator } = principal
    const organizationId = principal.grants.onlyIn ?? principal.organization?.id
    return {
      active: true,
      token_type: 'Bearer' as const,
      sub: principal.userId,
      username: principal.username,
      client_id: 'denizen',
      iss: context.settings.publicUrl,
      jti: claims?.id ?? principal.tokenId,
      ...(claims !== null && { aud: claims.audience, iat: seconds(claims.issuedAt) }),
      ...(impersonator !== null && { act: { sub: impersonator.userId, username: impersonator.username } }),
      ...(organizationId !== undefined && { org_id: organizationId }),
      ...(principal.scopes !== null && { scope: principal.scopes.join(' ') }),
      ...(principal.expiresAt !== null && { exp: seconds(principal.expiresAt) }),
    }
  },
})

/** The principal of a token, if it is valid from the given address. An unknown address does not match any allowed address. */
async function findActive({ credentials }: QueryContext, { token, ip }: TokenInput): Promise<Introspected | null> {
  const found = await credentials.introspect(token)
  if (found === null) return null
  return mayCallFrom(found.principal, { ip: ip ?? null, remote: true }) ? found : null
}

function seconds(time: Date): number {
  return Math.floor(time.getTime() / 1000)
}
