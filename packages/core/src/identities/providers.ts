import type { IdentityProvider, Settings } from '../kernel/settings.ts'
import type { PrepareContext } from '../kernel/context.ts'
import { claimsOf, type Claims } from './claims.ts'
import { unknownProvider } from './errors.ts'
import { verifiedPayload } from './verify-token.ts'

/** The configured provider with this name. */
export function providerNamed({ identityProviders }: Settings, name: string): IdentityProvider {
  const provider = identityProviders.find(({ id }) => id === name)
  if (provider === undefined) throw unknownProvider({ provider: name })
  return provider
}

/** Verifies a provider's token, and returns its claims. It may fetch the provider's keys, so call it in `prepare`. null: not valid. */
export async function claimsIn(
  { ports }: Pick<PrepareContext, 'ports'>,
  provider: IdentityProvider,
  token: string,
): Promise<Claims | null> {
  const { audiences, kind } = provider
  const payload = await verifiedPayload(ports, provider, token, { audiences, nonce: null, kind })
  return payload === null ? null : claimsOf(payload, provider)
}
