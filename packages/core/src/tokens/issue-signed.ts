import { requireKnownPermissions } from '../grants/index.ts'
import { defineQuery } from '../kernel/action.ts'
import type { QueryContext } from '../kernel/context.ts'
import type { SigningOrder } from '../kernel/credentials.ts'
import { stepRequired, unauthenticated } from '../kernel/errors.ts'
import { signedIn } from '../kernel/rule.ts'
import { audienceUnknown, scopeTooWide, signedCredential } from './errors.ts'
import { tokensSignatures } from './signatures.ts'

type IssuingContext = Pick<QueryContext, 'actor' | 'settings' | 'credentials'>

export const issueWebsocket = defineQuery(tokensSignatures.issueWebsocket, {
  allow: signedIn,
  aboutCredential: true,
  handle: (context) => issueSigned(context, { kind: 'websocket', audience: null, scopes: null }),
})

export const issueAgent = defineQuery(tokensSignatures.issueAgent, {
  allow: signedIn,
  aboutCredential: true,
  handle: (context, { audience = null, scopes = null }) => {
    requireKnownPermissions(context.catalogue, scopes ?? [])
    return issueSigned(context, { kind: 'agent', audience, scopes })
  },
})

/**
 * Signs a token for the caller, which can do no more than the credential that they
 * used. When their session, token or user is over, `principals/authenticator.ts` refuses them. It writes nothing. On PGlite it must be called before a transaction is open.
 */
export async function issueSigned(
  { actor, settings, credentials }: IssuingContext,
  { kind, audience, scopes }: SigningOrder,
): Promise<{ readonly token: string; readonly expiresAt: Date }> {
  if (actor.kind !== 'user') throw unauthenticated({})
  const { principal } = actor
  // Otherwise a stolen one could be renewed as long as the session lasts.
  if (principal.signed !== null) throw signedCredential({})
  // Other services that accept the token do not know about pending steps.
  if (principal.pendingSteps.length > 0) throw stepRequired({ steps: principal.pendingSteps })
  const known = audience === null || audience === settings.publicUrl || settings.agentAudiences.includes(audience)
  if (!known) throw audienceUnknown({ audience })
  const beyond = scopes === null ? [] : credentials.exceeding(principal, scopes, null)
  if (beyond.length > 0) throw scopeTooWide({ scopes: beyond })
  return credentials.sign(principal, { kind, audience, scopes: scopes ?? principal.scopes })
}
