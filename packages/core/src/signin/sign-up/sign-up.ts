import { defineCommand } from '../../kernel/action.ts'
import { anyone } from '../../kernel/rule.ts'
import { checkNewPassword, hashPassword } from '../../passwords/index.ts'
import { checkedRedirect, issueVerification } from '../../verifications/index.ts'
import { requireMail, verificationSent } from '../verification-request.ts'
import { signUpClosed } from './errors.ts'
import { linkLifetime, type SignUpPayload } from './model.ts'
import { signUpSignatures } from './signatures.ts'

/**
 * Creates no account: the data waits, sealed, until the address is proved. So
 * nobody can create one with somebody else's address and wait for its owner.
 * Whether the address is known is not checked here but by the job that mails,
 * and only the person who proves the address learns it.
 */
export const signUp = defineCommand(signUpSignatures.signUp, {
  allow: anyone,
  handlesSecret: true,
  async prepare(context, { password, ...owner }) {
    const { settings, ports } = context
    if (settings.signUp !== 'open') throw signUpClosed({})
    requireMail(context, owner)
    await checkNewPassword(settings, password, owner)
    return hashPassword(ports.hasher, password)
  },
  async handle(context, input, passwordHash) {
    const { email, username = null, fullName = null, displayName = null, locale = null, timezone = null } = input
    const payload: SignUpPayload = { passwordHash, username, fullName, displayName, locale, timezone }
    return verificationSent(
      await issueVerification(context, {
        purpose: 'signUp',
        email,
        userId: null,
        lifetime: linkLifetime,
        bound: true,
        payload: JSON.stringify(payload),
        redirectTo: checkedRedirect(context.settings, input.redirectTo),
      }),
    )
  },
})
