import { mailTo, type Message } from '../../mail/index.ts'
import type { Mail } from '../../ports/index.ts'
import { isActing } from '../../users/index.ts'
import type { VerificationRow } from '../entity.ts'
import { linkPaths, type VerificationPurpose } from '../model.ts'
import type { TemplateFacts, MailFacts } from './facts.ts'
import { codeMail, resetPassword, setUp, signInByCode, signInByLink } from './sign-in.ts'
import { addressTaken, alreadyThere, claimAccount, confirmAddress, confirmNewAddress, confirmSignUp } from './sign-up.ts'

/** Makes the text of a mail; null: no mail is sent. */
type Template = (facts: TemplateFacts) => Message | null

/** The mail of each purpose. Only the one about signing up goes to addresses without an account. */
const templates: Readonly<Record<VerificationPurpose, Template>> = {
  signUp: (facts) => (facts.user?.emailVerified === true ? alreadyThere(facts) : confirmSignUp(facts)),
  verifyEmail: forUsers((facts) => (facts.user?.email === facts.row.email ? confirmAddress(facts) : unlessTaken(confirmNewAddress)(facts))),
  resetPassword: forUsers(resetPassword),
  magicLink: forUsers(signInByLink),
  setup: forUsers(setUp),
  claim: forUsers(unlessTaken(claimAccount)),
  emailCode: forUsers(signInByCode),
  reauthenticate: forUsers(codeMail),
}

/** If somebody has the address already, they are told, and get no link: nobody else learns of it. */
function unlessTaken(template: Template): Template {
  return (facts) => (facts.addressOwner === null ? template(facts) : addressTaken(facts))
}

/** No mail is sent if the account does not exist or is not active. */
function forUsers(template: Template): Template {
  return (facts) => (facts.user !== null && isActing(facts.user.status) ? template(facts) : null)
}

/** The mail of a verification. */
export function mailFor(row: VerificationRow, facts: MailFacts): Mail | null {
  const { secret, settings } = facts
  const message = templates[row.purpose]({ ...facts, row, link: (purpose) => `${settings.publicUrl}${linkPaths[purpose]}?token=${secret}` })
  return message && mailTo(row.email, message, settings)
}
