import type { IdentityProvider, Settings } from '../kernel/settings.ts'
import type { PrepareContext } from '../kernel/context.ts'
import { claimsOf, type Claims } from './claims.ts'
import { unknownProvider } from './errors.ts'
import { verifiedPayload } from './verify-token.ts'

/** The provider that is configured under a name. */
export function providerNamed({ identityProviders }: Settings, name: string): IdentityProvider {
  const provider = identityProviders.find(({ id }) => id === name)
  if (provider === undefined) throw unknownProvider({ provider: name })
  return provider
}

/** What a provider's token, brought unasked, says of whom it names. Asks the provider for its keys, so call it in `prepare`. null: the token is wrong. */
export async function claimsIn(
  { ports }: Pick<PrepareContext, 'ports'>,
  provider: IdentityProvider,
  token: string,
): Promise<Claims | null> {
  const { audiences, kind } = provider
  const payload = await verifiedPayload(ports, provider, token, { audiences, nonce: null, kind })
  return payload === null ? null : claimsOf(payload, provider)
}
