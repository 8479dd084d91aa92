import { defineCommand } from '../kernel/action.ts'
import { callerId } from '../kernel/actor.ts'
import { existingUser, type UserRow, changedAccountTarget, overAccount } from '../users/index.ts'
import { recordLoginAttempt } from '../login-history/index.ts'
import { forgetAll } from './throttle.ts'
import { throttlingSignatures } from './signatures.ts'

/** Lifts the throttle of a user. It does not authenticate anybody. */
export const unlock = defineCommand(throttlingSignatures.unlock, {
  allow: overAccount,
  target: changedAccountTarget,
  async handle(context, { userId }) {
    const user = await existingUser(context.em, userId)
    const failuresForgotten = await forgetAll(context, namesOf(user))
    recordLoginAttempt(context, {
      identifier: user.username,
      userId,
      method: 'none',
      outcome: 'unlocked',
      actorId: callerId(context.actor),
    })
    context.note({ changes: { failuresForgotten } })
    context.emit({ type: 'auth.unlocked', subject: userId, organizationId: null, payload: { userId, failuresForgotten } })
    return { failuresForgotten }
  },
})

/** What failures of a user may be counted under: the account, and the address that codes are mailed to. */
function namesOf({ id, email }: UserRow): readonly string[] {
  return email === null ? [id] : [id, email]
}
