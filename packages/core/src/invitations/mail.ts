import type { Mail } from '../ports/index.ts'
import { headerText, plainText, richText } from '../mail/index.ts'
import type { Offer } from './repository.ts'

/** What an invitation is called to whoever gets it. */
const rank = { owner: 'an owner', admin: 'an administrator', member: 'a member' } as const

/** The mail that carries the link. It is the same whether or not the address has an account. */
export function invitationMail({ organization, email, role, expiresAt }: Offer, link: string): Mail {
  // The name is whatever its owner chose: in quotes, so that it cannot pass for our own words.
  const name = `“${headerText(organization.name, 80)}”`
  const message = {
    title: `You are invited to join ${name}`,
    paragraphs: [
      `Somebody who runs the organization ${name} invites ${email} to join it as ${rank[role]}.`,
      'The link shows what you are asked. Nothing happens until you accept there, and you can decline.',
    ],
    button: { label: 'Look at the invitation', url: link },
    notes: [
      `The link works until ${expiresAt.toISOString().slice(0, 16).replace('T', ' ')} UTC, once, and for whoever has it: do not pass it on.`,
      'If you do not know what this is about, ignore this mail.',
    ],
  }
  return { to: email, subject: message.title, text: plainText(message), html: richText(message) }
}
