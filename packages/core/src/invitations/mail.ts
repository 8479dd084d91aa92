import type { Mail } from '../ports/index.ts'
import { headerText, plainText, richText } from '../mail/index.ts'
import type { Offer } from './repository.ts'

/** The roles in the words of the mail. */
const rank = { owner: 'an owner', admin: 'an administrator', member: 'a member' } as const

/** The mail that carries the link. It is the same whether or not the address has an account. */
export function invitationMail({ organization, email, role, expiresAt }: Offer, link: string): Mail {
  // The name was chosen by its owner: in quotes, so that it does not read like Denizen's own text.
  const name = `“${headerText(organization.name, 80)}”`
  const message = {
    title: `You are invited to join ${name}`,
    paragraphs: [
      `An administrator of the organization ${name} invites ${email} to join it as ${rank[role]}.`,
      'Open the link to see the invitation. You can accept or decline it there; nothing happens before.',
    ],
    button: { label: 'View the invitation', url: link },
    notes: [
      `The link works until ${expiresAt.toISOString().slice(0, 16).replace('T', ' ')} UTC, once, and for whoever has it: do not pass it on.`,
      'If you do not know what this is about, ignore this mail.',
    ],
  }
  return { to: email, subject: message.title, text: plainText(message), html: richText(message) }
}
