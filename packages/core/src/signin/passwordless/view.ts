import { defineCommand } from '../../kernel/action.ts'
import { anyone } from '../../kernel/rule.ts'
import { UserRow } from '../../users/index.ts'
import { linkInvalid, inspectLink } from '../../verifications/index.ts'
import { readPayload } from './model.ts'
import { passwordlessSignatures } from './signatures.ts'

/** Uses nothing up: programs that look into mails follow links too. */
export const viewVerification = defineCommand(passwordlessSignatures.viewVerification, {
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
      account: account && { username: account.username, emailVerified: account.emailVerified },
      asked: asked && { username: asked.username, fullName: asked.fullName },
    }
  },
})
