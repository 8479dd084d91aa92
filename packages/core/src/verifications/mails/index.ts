import { plainText, richText, type Message } from '../../mail/index.ts'
import type { Mail } from '../../ports/index.ts'
import { isActing } from '../../users/index.ts'
import type { VerificationRow } from '../entity.ts'
import type { VerificationPurpose } from '../model.ts'
import type { TemplateFacts, MailFacts } from './facts.ts'
import { codeMail, resetPassword, setUp, signInByCode, signInByLink } from './sign-in.ts'
import { alreadyThere, claimAccount, confirmAddress, confirmSignUp } from './sign-up.ts'

/** Text of a mail; null: nobody gets any. */
type Template = (facts: TemplateFacts) => Message | null

/** One mail for each purpose. Only the one about signing up goes to addresses that nobody here has. */
const templates: Readonly<Record<VerificationPurpose, Template>> = {
  signUp: (facts) => (facts.user?.emailVerified === true ? alreadyThere(facts) : confirmSignUp(facts)),
  verifyEmail: forUsers(confirmAddress),
  resetPassword: forUsers(resetPassword),
  magicLink: forUsers(signInByLink),
  setup: forUsers(setUp),
  claim: forUsers(claimAccount),
  emailCode: forUsers(signInByCode),
  reauthenticate: forUsers(codeMail),
}

/** Nobody gets a mail for an account that is not there, or that nobody may use. */
function forUsers(template: Template): Template {
  return (facts) => (facts.user !== null && isActing(facts.user.status) ? template(facts) : null)
}

/** The mail of a verification. */
export function mailFor(row: VerificationRow, facts: MailFacts): Mail | null {
  const { secret, publicUrl } = facts
  const message = templates[row.purpose]({ ...facts, row, link: (path) => `${publicUrl}${path}?token=${secret}` })
  return message && { to: row.email, subject: message.title, text: plainText(message), html: richText(message) }
}
