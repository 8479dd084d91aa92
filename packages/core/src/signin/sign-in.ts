import { defineCommand } from '../kernel/action.ts'
import type { CommandContext } from '../kernel/context.ts'
import { anyone } from '../kernel/rule.ts'
import { PasswordRow } from '../passwords/index.ts'
import { existingUser, type UserId } from '../users/index.ts'
import { nameOfNobody } from '../login-history/index.ts'
import { checkPassword, nonexistentUser, passwordOutcome, type PasswordCheck } from './verify-password.ts'
import { afterFirstFactor } from './first-factor.ts'
import { invalidCredentials } from './errors.ts'
import { signInSignatures } from './signatures.ts'
import { countFailure, forgetFailures, isOverBudget, recordRefusal, secondsUntilAdmitted, tooManyAttempts } from '../throttling/index.ts'

export const signIn = defineCommand(signInSignatures.signIn, {
  allow: anyone,
  handlesSecret: true,
  locks: ({ userId, wait }) => (wait > 0 ? [] : [userId]),
  prepare: checkPassword,
  async handle(context, { identifier }, checked) {
    const { em } = context
    const named = existingUserOf(checked)
    if (named !== null) context.note({ target: { type: 'user', id: named } })
    const wait = checked.wait > 0 ? checked.wait : await secondsUntilAdmitted(context, checked.throttle)
    if (wait > 0) return refuseThrottled(wait, context, identifier, checked)
    const outcome = (await isOverBudget(context, checked.throttle)) ? 'locked' : await passwordOutcome(context, checked)
    if (outcome !== 'succeeded') {
      await countFailure(context, checked.throttle)
      await recordRefusal(context, { ...(await nameShown(context, identifier, checked)), method: 'password', outcome })
      return context.refuse(invalidCredentials({}))
    }
    if (checked.upgrade !== null) await em.nativeUpdate(PasswordRow, { userId: checked.userId }, { hash: checked.upgrade })
    const user = await existingUser(em, checked.userId)
    const answer = await afterFirstFactor(context, user, { method: 'password', authMethods: ['pwd'], identifier })
    if (answer.status === 'signedIn') await forgetFailures(context, checked.throttle)
    return answer
  },
})

/** After too many guesses the answer is the same whether or not the user exists and the password was right. */
async function refuseThrottled(wait: number, context: CommandContext, identifier: string, checked: PasswordCheck): Promise<never> {
  await recordRefusal(context, { ...(await nameShown(context, identifier, checked)), method: 'password', outcome: 'locked' })
  return context.refuse(tooManyAttempts({ retryAfter: wait }))
}

/** Whom an attempt is about, as the history shows it. */
async function nameShown({ ports }: CommandContext, typed: string, checked: PasswordCheck) {
  const userId = existingUserOf(checked)
  return { userId, identifier: userId === null ? await nameOfNobody(ports, typed) : typed }
}

/** The user that was named; null: no such user. */
function existingUserOf({ userId }: PasswordCheck): UserId | null {
  return userId === nonexistentUser ? null : userId
}
