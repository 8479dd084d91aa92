import type { Mail } from '../ports/index.ts'
import { plainText, richText } from '../mail/index.ts'
import type { UserRow } from '../users/index.ts'
import type { VerificationRow } from './entity.ts'
import type { VerificationPurpose } from './model.ts'

/** What a mail is made of besides the verification. */
export interface MailFacts {
  /** Whose the address is; null: nobody's that we know. */
  readonly user: UserRow | null
  readonly secret: string
  readonly publicUrl: string
}

type Template = (row: VerificationRow, facts: MailFacts) => Mail | null

/** One mail for each purpose; null: nobody gets any. */
const templates: Readonly<Record<VerificationPurpose, Template>> = {
  signUp: link('Confirm your address', '/sign-up/confirm'),
  verifyEmail: link('Confirm your address', '/verify-email'),
  resetPassword: link('Choose a new password', '/reset-password'),
  magicLink: link('Sign in', '/sign-in/link'),
  setup: link('Set up your account', '/set-up'),
  emailCode: () => null,
  reauthenticate: () => null,
}

/** The mail of a verification. */
export function mailFor(row: VerificationRow, facts: MailFacts): Mail | null {
  return templates[row.purpose](row, facts)
}

function link(title: string, path: string): Template {
  return ({ email, expiresAt }, { secret, publicUrl }) => {
    const url = `${publicUrl}${path}?token=${secret}`
    const until = expiresAt.toISOString().slice(0, 16).replace('T', ' ')
    const message = { title, paragraphs: [], button: { label: title, url }, notes: [`The link works until ${until} UTC, once.`] }
    return { to: email, subject: title, text: plainText(message), html: richText(message) }
  }
}
