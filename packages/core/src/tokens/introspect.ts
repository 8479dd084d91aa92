import { defineInquiry } from '../kernel/action.ts'
import type { Inspected } from '../kernel/credentials.ts'
import type { QueryContext } from '../kernel/context.ts'
import { grantedEverywhere } from '../kernel/rule.ts'
import { mayActFrom } from '../kernel/network.ts'
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
    const { credential, userId, username, tokenId, scopes, organization, pendingSteps, expiresAt } = principal
    return {
      active: true as const,
      kind: credential,
      user: { id: userId, username },
      tokenId,
      scopes: scopes === null ? null : [...scopes],
      organizationId: organization?.id ?? null,
      audience: claims?.audience ?? null,
      pendingSteps: [...pendingSteps],
      expiresAt,
    }
  },
})

/** RFC 7662: 2.2. Whoever may not know more of a token than that it opens nothing is told just that. */
export const introspectToken = defineInquiry(tokensSignatures.introspect, {
  allow: grantedEverywhere,
  async handle(context, shown) {
    const found = await findActive(context, shown)
    if (found === null) return { active: false }
    const { principal, claims } = found
    return {
      active: true,
      token_type: 'Bearer' as const,
      sub: principal.userId,
      username: principal.username,
      client_id: 'denizen',
      iss: context.settings.publicUrl,
      jti: claims?.id ?? principal.tokenId,
      ...(claims !== null && { aud: claims.audience, iat: seconds(claims.issuedAt) }),
      ...(principal.scopes !== null && { scope: principal.scopes.join(' ') }),
      ...(principal.expiresAt !== null && { exp: seconds(principal.expiresAt) }),
    }
  },
})

/** What the token opens, from where it was shown. An address that is not known is none that anybody is allowed to act from. */
async function findActive({ credentials }: QueryContext, { token, ip }: TokenInput): Promise<Inspected | null> {
  const found = await credentials.inspect(token)
  if (found === null) return null
  const { allowedIps, tokenIps } = found.principal
  const from = { ip: ip ?? null, remote: true as const }
  return mayActFrom(allowedIps, from) && mayActFrom(tokenIps, from) ? found : null
}

function seconds(time: Date): number {
  return Math.floor(time.getTime() / 1000)
}
