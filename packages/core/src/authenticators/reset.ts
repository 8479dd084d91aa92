import { defineCommand } from '../kernel/action.ts'
import type { CommandContext } from '../kernel/context.ts'
import { uuidOf } from '../kernel/id.ts'
import { controlledAccountTarget, existingUser, mayChangeAccount, type UserRow } from '../users/index.ts'
import { afterFactorChange } from './change.ts'
import { RecoveryCodeRow, TotpFactorRow } from './entity.ts'
import { noFactor } from './errors.ts'
import { resetMailJob } from './deliver.ts'
import { secondFactorsOf, hasFactor } from './repository.ts'
import { factorsSignatures } from './signatures.ts'

export const reset = defineCommand(factorsSignatures.reset, {
  allow: mayChangeAccount,
  takesPrecedence: 'everywhere',
  target: controlledAccountTarget,
  requiresRecentAuth: true,
  async handle(context, { userId, reason }) {
    const taken = await resetFactors(context, await existingUser(context.em, userId))
    context.note({ changes: { reason: reason ?? null, ...taken } })
    return taken
  },
})

/**
 * Removes all second factors of a user who cannot use them any more. The user is notified by
 * mail, and must enrol a new one after the next sign-in:
 * somebody who tricked an administrator into it gains no weaker account.
 */
async function resetFactors(context: CommandContext, user: UserRow) {
  const { em, ports } = context
  const held = await secondFactorsOf(em, user.id)
  if (!hasFactor(held)) throw noFactor({ userId: user.id })
  await em.nativeDelete(TotpFactorRow, { userId: user.id })
  await em.execute('delete from passkeys where user_id = ?', [uuidOf(user.id)], 'run')
  await em.nativeDelete(RecoveryCodeRow, { userId: user.id })
  user.needFactor = true
  await em.flush()
  const { sessionsEnded } = await afterFactorChange(context, user)
  if (user.email !== null && ports.mailer.isConfigured) context.enqueue(resetMailJob(user.id))
  context.emit({ type: 'factors.reset', subject: user.id, organizationId: null, payload: { userId: user.id } })
  return { totp: held.totp !== null, passkeys: held.passkeys, recoveryCodes: held.recoveryCodes, sessionsEnded }
}
