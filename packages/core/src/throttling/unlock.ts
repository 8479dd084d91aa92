import { defineCommand } from '../kernel/action.ts'
import { callerId } from '../kernel/actor.ts'
import { existingUser, type UserRow, changedAccountTarget, mayChangeAccount } from '../users/index.ts'
import { recordLoginAttempt } from '../login-history/index.ts'
import { forgetAll } from './throttle.ts'
import { throttlingSignatures } from './signatures.ts'

/** Lifts the throttle of a user. It does not authenticate anybody. */
export const unlock = defineCommand(throttlingSignatures.unlock, {
  allow: mayChangeAccount,
  target: changedAccountTarget,
  async handle(context, { userId }) {
    const user = await existingUser(context.em, userId)
    const failuresForgotten = await forgetAll(context, userId, namesOf(user))
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

/** All names under which failures of a user may be counted. */
function namesOf({ id, username, email }: UserRow): readonly (readonly string[])[] {
  return [['id', id], ['username', username], ...(email === null ? [] : [['email', email]])]
}
