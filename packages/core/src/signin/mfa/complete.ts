import { defineCommand } from '../../kernel/action.ts'
import type { CommandContext, PrepareContext } from '../../kernel/context.ts'
import { anyone } from '../../kernel/rule.ts'
import { UserRow, type UserId } from '../../users/index.ts'
import { recordLoginAttempt } from '../../login-history/index.ts'
import { finishChallenge, openChallenge, tryChallenge, type Challenge } from '../../challenges/index.ts'
import { nameOf, nonexistentUser, userOutcome } from '../verify-password.ts'
import type { FactorPayload } from '../first-factor.ts'
import { challengeOver, wrongFactor } from '../errors.ts'
import type { LoginOutcome } from '../../login-history/model.ts'
import { createSession } from '../create-session.ts'
import {
  countFailure,
  forgetFailures,
  recordRefusal,
  secondsToWait,
  secondsUntilAdmitted,
  throttleKeys,
  type ThrottleKeys,
  tooManyAttempts,
} from '../../throttling/index.ts'
import { mfaSignatures } from './signatures.ts'
import { verifySecondFactor, methodOf, authMethodOf, type SecondFactorMethod } from './verify.ts'

interface FactorAttempt {
  /** null: there is no such challenge, or it takes no more answers. */
  readonly challenge: Challenge | null
  readonly userId: UserId
  readonly throttle: ThrottleKeys
  readonly wait: number
}

export const completeSignIn = defineCommand(mfaSignatures.completeSignIn, {
  allow: anyone,
  handlesSecret: true,
  locks: ({ userId }) => [userId],
  prepare: countAttempt,
  async handle(context, input, tried) {
    const method = methodOf(input)
    const { em } = context
    const { challenge, throttle } = tried
    const user = await em.findOne(UserRow, { id: tried.userId })
    if (challenge === null || user === null) return refuseWith('wrongFactor', context, tried, method)
    context.note({ target: { type: 'user', id: user.id } })
    const wait = tried.wait > 0 ? tried.wait : await secondsUntilAdmitted(context, throttle)
    if (wait > 0) return refuseWith('locked', context, { ...tried, wait }, method)
    const outcome = hasChangedSince(challenge, user) ? 'wrongFactor' : userOutcome(user, context.origin)
    if (outcome !== 'succeeded') return refuseWith(outcome, context, tried, method)
    const first = challenge.payload as unknown as FactorPayload
    if (!(await verifySecondFactor(context, user.id, input, first.nonce))) {
      await countFailure(context, throttle)
      recordLoginAttempt(context, { identifier: first.identifier, userId: user.id, method, outcome: 'wrongFactor' })
      return context.refuse(wrongFactor({ attemptsLeft: challenge.attemptsLeft }))
    }
    if (!(await finishChallenge(context, challenge))) return refuseWith('wrongFactor', context, tried, method)
    const authMethods = [...new Set([...first.authMethods, authMethodOf[method], 'mfa'])]
    const answer = await createSession(context, user, { method, authMethods, assurance: 'aal2', identifier: first.identifier })
    await forgetFailures(context, throttle)
    await forgetFailures(context, await firstThrottle(context, first, user.id))
    return answer
  },
})

/**
 * Counts an attempt at the challenge for good: outside the transaction, so that
 * a rollback does not give it back. None is counted while the user has to
 * wait anyway.
 */
async function countAttempt(context: PrepareContext, { challenge: text }: { challenge: string }): Promise<FactorAttempt> {
  const { reader, now, ports, origin } = context
  const outside = { em: reader, now, ports }
  const userId = (await openChallenge(outside, 'factor', text))?.userId ?? nonexistentUser
  const throttle = await throttleKeys(ports, origin, ['id', userId], { guessed: 'factor', userId })
  const wait = await secondsToWait(reader, throttle, now)
  return { userId, throttle, wait, challenge: await (wait > 0 ? openChallenge : tryChallenge)(outside, 'factor', text) }
}

/** Whether the password changed since the first factor was proved: perhaps because somebody else knew it. */
function hasChangedSince({ createdAt }: Challenge, { passwordChangedAt }: UserRow): boolean {
  return passwordChangedAt !== null && passwordChangedAt > createdAt
}

/** The same error for everything but a wrong factor; the login history has the difference. */
async function refuseWith(
  outcome: LoginOutcome,
  context: CommandContext,
  { challenge, wait }: FactorAttempt,
  method: SecondFactorMethod,
): Promise<never> {
  const { identifier = '' } = (challenge?.payload ?? {}) as Partial<FactorPayload>
  await recordRefusal(context, { identifier, userId: challenge?.userId ?? null, method, outcome })
  return context.refuse(outcome === 'locked' ? tooManyAttempts({ retryAfter: wait }) : challengeOver({}))
}

/** The throttle keys of the first factor. */
function firstThrottle({ ports, origin }: CommandContext, { identifier }: FactorPayload, userId: UserId): Promise<ThrottleKeys> {
  return throttleKeys(ports, origin, nameOf(identifier), { userId })
}
