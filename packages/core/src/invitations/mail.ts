import type { Mail } from '../ports/index.ts'
import { plainText, richText, quotedName } from '../mail/index.ts'
import type { Offer } from './repository.ts'

/** The roles in the words of the mail. */
const rank = { owner: 'an owner', admin: 'an administrator', member: 'a member' } as const

/** The mail that carries the link. It is the same whether or not the address has an account. */
export function invitationMail({ organization, inviter, email, role, expiresAt }: Offer, link: string): Mail {
  const name = quotedName(organization.name)
  // A proved address is named as it is: whoever reads it can ask there.
  const by = inviter === null ? 'The operator of this service' : inviter.name.includes('@') ? inviter.name : quotedName(inviter.name)
  const message = {
    title: `You are invited to join ${name}`,
    paragraphs: [
      `${by} invites ${email} to join the organization ${name} as ${rank[role]}.`,
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
