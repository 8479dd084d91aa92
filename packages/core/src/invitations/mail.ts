import type { Settings } from '../kernel/settings.ts'
import type { Mail } from '../ports/index.ts'
import { mailTo, quotedName } from '../mail/index.ts'
import { timeInWords } from '../text/index.ts'
import type { Offer } from './repository.ts'

/** The roles in the words of the mail. */
const rank = { owner: 'an owner', admin: 'an administrator', member: 'a member' } as const

/** The mail that carries the link. It is the same whether or not the address has an account. */
export function invitationMail(
  { organization, inviter, email, role, expiresAt }: Offer,
  link: string,
  settings: Pick<Settings, 'name' | 'publicUrl'>,
): Mail {
  const name = quotedName(organization.name)
  // A proved address is named as it is: whoever reads it can ask there.
  const by = inviter === null ? 'An administrator' : inviter.name.includes('@') ? inviter.name : quotedName(inviter.name)
  const message = {
    title: `You are invited to join ${name}`,
    paragraphs: [
      `${by} invites ${email} to join the organization ${name} as ${rank[role]}.`,
      'Open the link to see the invitation, and to accept or decline it. Until then, nothing happens.',
    ],
    button: { label: 'View the invitation', url: link },
    notes: [
      `The link works until ${timeInWords(expiresAt)}. It works once, for whoever has it: do not pass it on.`,
      'If you did not expect this, you can ignore this mail.',
    ],
  }
  return mailTo(email, message, settings)
}
