import { defineCommand } from '../../kernel/action.ts'
import type { CommandContext, PrepareContext } from '../../kernel/context.ts'
import { anyone } from '../../kernel/rule.ts'
import { namedBy, UserRow, type UserId } from '../../users/index.ts'
import { recordLoginAttempt } from '../../login-history/index.ts'
import { finishChallenge, openChallenge, tryChallenge, type Challenge } from '../../challenges/index.ts'
import { nobody, outcomeFor } from '../verify-password.ts'
import type { FactorPayload } from '../first-factor.ts'
import { challengeOver, wrongFactor } from '../errors.ts'
import type { LoginOutcome } from '../../login-history/model.ts'
import { openSession } from '../create-session.ts'
import {
  countFailure,
  forgetFailures,
  secondsToWait,
  secondsUntilAdmitted,
  throttleKeys,
  type ThrottleKeys,
  tooManyAttempts,
} from '../../throttling/index.ts'
import { mfaSignatures } from './signatures.ts'
import { isFactorOf, methodOf, referenceOf, type SecondFactorMethod } from './verify.ts'

interface Tried {
  /** null: there is no such challenge, or it takes no answer any more. */
  readonly challenge: Challenge | null
  readonly userId: UserId
  readonly throttle: ThrottleKeys
  readonly wait: number
}

export const completeSignIn = defineCommand(mfaSignatures.completeSignIn, {
  allow: anyone,
  handlesSecret: true,
  locks: ({ userId }) => [userId],
  prepare: takeTry,
  async handle(context, input, tried) {
    const method = methodOf(input)
    const { em } = context
    const { challenge, throttle } = tried
    const user = await em.findOne(UserRow, { id: tried.userId })
    if (challenge === null || user === null) return refuseAs('wrongFactor', context, tried, method)
    context.note({ target: { type: 'user', id: user.id } })
    const wait = tried.wait > 0 ? tried.wait : await secondsUntilAdmitted(context, throttle)
    if (wait > 0) return refuseAs('locked', context, { ...tried, wait }, method)
    const outcome = hasChangedSince(challenge, user) ? 'wrongFactor' : outcomeFor(user, context.origin)
    if (outcome !== 'succeeded') return refuseAs(outcome, context, tried, method)
    const first = challenge.payload as unknown as FactorPayload
    if (!(await isFactorOf(context, user.id, input, first.nonce))) {
      await countFailure(context, throttle)
      recordLoginAttempt(context, { identifier: first.identifier, userId: user.id, method, outcome: 'wrongFactor' })
      return context.refuse(wrongFactor({ attemptsLeft: challenge.attemptsLeft }))
    }
    if (!(await finishChallenge(context, challenge))) return refuseAs('wrongFactor', context, tried, method)
    const authMethods = [...new Set([...first.authMethods, referenceOf[method], 'mfa'])]
    const answer = await openSession(context, user, { method, authMethods, assurance: 'aal2', identifier: first.identifier })
    await forgetFailures(context, throttle)
    await forgetFailures(context, await firstThrottle(context, first, user.id))
    return answer
  },
})

/**
 * Takes one of the challenge's tries, and for good: outside the transaction, so that
 * whatever happens to that, no try comes back. None is taken while its user has to
 * wait anyway.
 */
async function takeTry(context: PrepareContext, { challenge: text }: { challenge: string }): Promise<Tried> {
  const { reader, now, ports, origin } = context
  const outside = { em: reader, now, ports }
  const userId = (await openChallenge(outside, 'factor', text))?.userId ?? nobody
  const throttle = await throttleKeys(ports, origin, userId, { guessed: 'factor', userId })
  const wait = await secondsToWait(reader, throttle, now)
  return { userId, throttle, wait, challenge: await (wait > 0 ? openChallenge : tryChallenge)(outside, 'factor', text) }
}

/** The password was changed since the first factor was proved: perhaps because somebody else had proved it. */
function hasChangedSince({ createdAt }: Challenge, { passwordChangedAt }: UserRow): boolean {
  return passwordChangedAt !== null && passwordChangedAt > createdAt
}

/** Whatever is wrong besides the factor, the answer is one; the history tells them apart. */
function refuseAs(outcome: LoginOutcome, context: CommandContext, { challenge, wait }: Tried, method: SecondFactorMethod): never {
  const { identifier = '' } = (challenge?.payload ?? {}) as Partial<FactorPayload>
  recordLoginAttempt(context, { identifier, userId: challenge?.userId ?? null, method, outcome })
  return context.refuse(outcome === 'locked' ? tooManyAttempts({ retryAfter: wait }) : challengeOver({}))
}

/** What the failures at the first factor were counted under. */
function firstThrottle({ ports, origin }: CommandContext, { identifier }: FactorPayload, userId: UserId): Promise<ThrottleKeys> {
  return throttleKeys(ports, origin, namedBy(identifier)?.value ?? identifier, { userId })
}
