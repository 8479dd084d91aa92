import { plainText, richText, type Message } from '../../mail/index.ts'
import type { Mail } from '../../ports/index.ts'
import { isActing, type UserRow } from '../../users/index.ts'
import type { VerificationRow } from '../entity.ts'
import type { VerificationPurpose } from '../model.ts'
import { codeMail, resetPassword, setUp, signInByCode, signInByLink } from './signing-in.ts'
import { alreadyThere, claimAccount, confirmAddress, confirmSignUp } from './signing-up.ts'

/** What a mail is made of besides the verification. */
export interface MailFacts {
  /** Whose the address is; null: nobody's that we know. */
  readonly user: UserRow | null
  readonly secret: string
  readonly publicUrl: string
}

/** What a template is told. */
export interface Facts extends MailFacts {
  readonly row: VerificationRow
  /** The link, with the secret in it. */
  link(path: string): string
}

/** Text of a mail; null: nobody gets any. */
type Template = (facts: Facts) => Message | null

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
