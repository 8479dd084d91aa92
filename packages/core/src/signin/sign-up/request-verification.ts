import { defineCommand } from '../../kernel/action.ts'
import { signedIn } from '../../kernel/rule.ts'
import { checkedRedirect, issueVerification } from '../../verifications/index.ts'
import { noAddress } from '../errors.ts'
import { callerAccount, requireMail, verificationSent } from '../verification-request.ts'
import { alreadyVerified } from './errors.ts'
import { linkLifetime } from './model.ts'
import { signUpSignatures } from './signatures.ts'

export const requestEmailVerification = defineCommand(signUpSignatures.requestEmailVerification, {
  allow: signedIn,
  duringPendingStep: true,
  handlesSecret: true,
  async prepare(context, input) {
    requireMail(context, input)
  },
  async handle(context, { redirectTo }) {
    const { id: userId, email: present, emailVerified, pendingEmail } = await callerAccount(context)
    const email = pendingEmail ?? present
    if (email === null) throw noAddress({})
    if (pendingEmail === null && emailVerified) throw alreadyVerified({})
    context.note({ target: { type: 'user', id: userId } })
    const to = checkedRedirect(context.settings, redirectTo)
    return verificationSent(
      await issueVerification(context, { purpose: 'verifyEmail', email, userId, lifetime: linkLifetime, bound: true, redirectTo: to }),
    )
  },
})
