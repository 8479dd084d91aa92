import type { UserRow } from '../../users/index.ts'
import type { VerificationRow } from '../entity.ts'

/** What a mail is made of besides the verification. */
export interface MailFacts {
  /** Whose the address is; null: nobody's that we know. */
  readonly user: UserRow | null
  readonly secret: string
  readonly publicUrl: string
}

/** What a template is told. */
export interface TemplateFacts extends MailFacts {
  readonly row: VerificationRow
  /** The link, with the secret in it. */
  link(path: string): string
}
