import { mayBeReclaimed } from '../../accounts/index.ts'
import { defineCommand } from '../../kernel/action.ts'
import type { CommandContext } from '../../kernel/context.ts'
import { anyone } from '../../kernel/rule.ts'
import { UserRow } from '../../users/index.ts'
import { linkInvalid, inspectLink, type VerificationPurpose } from '../../verifications/index.ts'
import { secondFactorMethodsOf } from '../mfa/methods.ts'
import { readPayload } from './model.ts'
import { signUpSignatures } from './signatures.ts'

/** Uses nothing up: programs that look into mails follow links too. */
export const viewVerification = defineCommand(signUpSignatures.viewVerification, {
  allow: anyone,
  duringPendingStep: true,
  handlesSecret: true,
  async handle(context, input) {
    const { em, ports, now } = context
    const looked = await inspectLink(em, ports, input, now)
    if (looked === null) throw linkInvalid({})
    const { email, userId, purpose, expiresAt, redirectTo } = looked.row
    if (purpose === 'emailCode' || purpose === 'reauthenticate') throw linkInvalid({})
    const account = await em.findOne(UserRow, purpose === 'signUp' ? { email } : { id: userId })
    const asked = purpose === 'signUp' ? readPayload(looked.payload) : null
    if (account !== null) context.note({ target: { type: 'user', id: account.id }, looked: true })
    const needsPassword = (purpose === 'signUp' || purpose === 'verifyEmail') && !looked.sameBrowser
    return {
      purpose,
      email,
      expiresAt,
      redirectTo,
      needsPassword,
      minimumPasswordLength: await minimumLengthFor(context, purpose, account),
      account: account && { username: account.username, emailVerified: account.emailVerified },
      asked: asked && { username: asked.username, fullName: asked.fullName },
    }
  },
})

/** A second factor counts where it stays: with a new password for an account whose address was proved. */
async function minimumLengthFor({ em, settings }: CommandContext, purpose: VerificationPurpose, account: UserRow | null): Promise<number> {
  const { minimumAlone, minimumWithFactor } = settings.passwords
  if (account === null || (purpose !== 'resetPassword' && purpose !== 'setup')) return minimumAlone
  const stays = !(await mayBeReclaimed(em, settings, account.id)) && (await secondFactorMethodsOf(em, account.id)).length > 0
  return stays ? minimumWithFactor : minimumAlone
}
