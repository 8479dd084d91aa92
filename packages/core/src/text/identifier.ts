import { emailForm } from './email.ts'
import { usernameForm } from './username.ts'

/** What names a user, in the form in which it is stored: with an "@" an address, else a username. null: no such name can exist. */
export function identifierForm(text: string): string | null {
  return text.includes('@') ? emailForm(text) : usernameForm(text)
}
