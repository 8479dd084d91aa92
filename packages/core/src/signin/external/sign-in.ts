import { claimsIn, identityRefused, providerNamed, resolveUser, type Claims } from '../../identities/index.ts'
import { defineCommand } from '../../kernel/action.ts'
import type { CommandContext, PrepareContext } from '../../kernel/context.ts'
import type { IdentityProvider } from '../../kernel/settings.ts'
import type { Origin } from '../../kernel/origin.ts'
import { networkOf, mayActFrom } from '../../kernel/network.ts'
import { anyone } from '../../kernel/rule.ts'
import type { Ports } from '../../ports/index.ts'
import { isActing } from '../../users/index.ts'
import { afterFirstFactor } from '../first-factor.ts'
import type { SignInAnswer } from '../model.ts'
import { countFailure, recordRefusal, secondsToWait, throttleKeys, type ThrottleKeys, tooManyAttempts } from '../../throttling/index.ts'
import { externalSignatures } from './signatures.ts'

export const signInWithIdentity = defineCommand(externalSignatures.signInWithIdentity, {
  allow: anyone,
  handlesSecret: true,
  async prepare(context, { provider, token }) {
    const trusted = providerNamed(context.settings, provider)
    await refuseThrottledNetwork(context)
    return claimsIn(context, trusted, token)
  },
  handle: (context, { provider }, claims) => signInWithClaims(context, providerNamed(context.settings, provider), claims),
})

/**
 * Signs in the user that a provider's claims name. A second factor that the user has here is required
 * whatever the provider says of its own (`amr`): Denizen cannot verify how it
 * authenticates. claims null: the token proved nothing.
 */
export async function signInWithClaims(context: CommandContext, provider: IdentityProvider, claims: Claims | null): Promise<SignInAnswer> {
  const { now, origin } = context
  if (claims === null || claims.expiresAt.getTime() <= now.getTime() - leeway) {
    const keys = await keysOf(context)
    if (keys !== null) await countFailure(context, keys)
    await recordRefusal(context, { identifier: provider.id, userId: null, method: 'identity', outcome: 'wrongIdentity' })
    return context.refuse(identityRefused({}))
  }
  const identifier = claims.email ?? `${provider.id}:${claims.subject}`
  const { user, refused } = await resolveUser(context, provider, claims)
  if (user === null) {
    await recordRefusal(context, { identifier, userId: null, method: 'identity', outcome: 'wrongIdentity' })
    return context.refuse(refused)
  }
  context.note({ target: { type: 'user', id: user.id } })
  const outcome = !isActing(user.status) ? 'notActive' : mayActFrom(user.allowedIps, origin) ? null : 'addressNotAllowed'
  if (outcome !== null) {
    await recordRefusal(context, { identifier, userId: user.id, method: 'identity', outcome })
    return context.refuse(identityRefused({}))
  }
  return afterFirstFactor(context, user, { method: 'identity', authMethods: ['fed'], identifier })
}

/** Milliseconds for clock skew and a slow transaction. */
const leeway = 60_000

/** Refuses a network with too many wrong tokens, before any provider is contacted. */
export async function refuseThrottledNetwork(context: PrepareContext): Promise<void> {
  const keys = await keysOf(context)
  const seconds = keys === null ? 0 : await secondsToWait(context.reader, keys, context.now)
  if (seconds > 0) throw tooManyAttempts({ retryAfter: seconds })
}

/**
 * Wrong tokens are counted by network alone: they target no account, but cost work.
 * null: the call came over no network, and must not be throttled together with others.
 */
async function keysOf({ ports, origin }: { readonly ports: Ports; readonly origin: Origin }): Promise<ThrottleKeys | null> {
  if (origin.ip === null) return null
  const keys = await throttleKeys(ports, origin, [networkOf(origin.ip) ?? origin.ip], { guessed: 'identityToken' })
  return { ...keys, pair: null }
}
