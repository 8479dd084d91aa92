import { finishChallenge, tryChallenge } from '../../challenges/index.ts'
import { providerNamed, type Claims } from '../../identities/index.ts'
import { defineCommand } from '../../kernel/action.ts'
import type { PrepareContext } from '../../kernel/context.ts'
import { anyone } from '../../kernel/rule.ts'
import { openSealed } from '../../kernel/sealed.ts'
import { equalInConstantTime } from '../../tokens/index.ts'
import { challengeOver } from '../errors.ts'
import { exchange, isAnswerOf, PendingSecrets, PendingSignIn, sealedFor } from './exchange.ts'
import { refuseThrottledNetwork, signInWithClaims } from './sign-in.ts'
import { externalSignatures } from './signatures.ts'

/** The result of redeeming the provider's answer, before the transaction. null: no such challenge, or it is over. */
type RedeemedAnswer = { readonly provider: string; readonly redirectTo: string | null; readonly claims: Claims | null } | null

export const finishOAuth = defineCommand(externalSignatures.finishOAuth, {
  allow: anyone,
  handlesSecret: true,
  prepare: redeemAnswer,
  async handle(context, _, answered: RedeemedAnswer) {
    if (answered === null) return context.refuse(challengeOver({}))
    const { provider, redirectTo, claims } = answered
    return { ...(await signInWithClaims(context, providerNamed(context.settings, provider), claims)), redirectTo }
  },
})

interface Answer {
  readonly provider: string
  readonly challenge: string
  readonly state: string
  readonly code: string
  readonly issuer?: string | undefined
}

/**
 * Only the program that began has the challenge; what the browser brings must match the
 * request that began there, and have come to the redirect URI of the provider that was begun: otherwise
 * one provider's code would be redeemed at another (mix-up, RFC 9700: 4.4). The challenge is used up before the code is redeemed:
 * of many concurrent answers only one reaches the provider, which
 * treats a code that is used twice as stolen. Answers to another request
 * are only counted.
 */
async function redeemAnswer(
  context: PrepareContext,
  { provider: answering, challenge, state, code, issuer }: Answer,
): Promise<RedeemedAnswer> {
  const { ports, settings, reader: em, now } = context
  await refuseThrottledNetwork(context)
  const tried = await tryChallenge({ em, ports, now }, 'oauth', challenge)
  if (tried === null) return null
  const { provider: name, redirectUri, redirectTo, sealed } = PendingSignIn.parse(tried.payload)
  const provider = providerNamed(settings, name)
  const pending = PendingSecrets.parse(JSON.parse(await openSealed(ports.cipher, sealedFor(name), sealed)))
  const mismatch = { provider: name, redirectTo, claims: null }
  if (answering !== name || !equalInConstantTime(pending.state, state) || !(await isAnswerOf(ports, provider, issuer))) return mismatch
  if (!(await finishChallenge({ em, now }, tried))) return null
  return { ...mismatch, claims: await exchange(ports, provider, { code, redirectUri }, pending) }
}
