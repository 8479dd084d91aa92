import type { Settings } from '../../kernel/settings.ts'
import type { UserRow } from '../../users/index.ts'
import type { VerificationRow } from '../entity.ts'
import type { LinkPurpose } from '../model.ts'

/** The facts of a mail besides the verification. */
export interface MailFacts {
  /** The user with the address; null: none. */
  readonly user: UserRow | null
  /** The user who has proved the address already, if somebody else asks for it; null: nobody. */
  readonly addressOwner: UserRow | null
  readonly secret: string
  readonly settings: Pick<Settings, 'name' | 'publicUrl'>
}

/** The input of a template. */
export interface TemplateFacts extends MailFacts {
  readonly row: VerificationRow
  /** The link to the page of a purpose, with the secret in it. */
  link(purpose: LinkPurpose): string
}
