import type { CommandContext } from '../kernel/context.ts'
import { callerId } from '../kernel/actor.ts'
import { askingNetwork, countMail, countMailOfNetwork, isKnownNetwork } from '../throttling/index.ts'
import type { UserId } from '../users/index.ts'
import type { VerificationPurpose } from './model.ts'

/** Who can ask for a mail: a stranger, somebody who is signed in and names an address, the account's owner, or whoever administers the account. */
const askedBy: Readonly<Record<VerificationPurpose, 'stranger' | 'user' | 'owner' | 'administrator'>> = {
  signUp: 'stranger',
  magicLink: 'stranger',
  emailCode: 'stranger',
  resetPassword: 'stranger',
  claim: 'stranger',
  verifyEmail: 'user',
  reauthenticate: 'owner',
  setup: 'administrator',
}

/** How many mails to one address one administrator can send in an hour. */
const mostOfAdministrator = 20

/** Sign-ups of strangers wait behind what people with accounts asked for. */
const lastInLine = -1000

/** Whether a mail is sent, and its place in the queue. */
export interface MailAdmission {
  readonly sends: boolean
  readonly priority: number
  /** Mails of one group never take all slots of the queue. */
  readonly group?: string
}

/** Counts a mail that somebody asks for. Throws `mail.tooMany` if too many mails were sent for this network, to any address. */
export async function admitMail(
  context: Pick<CommandContext, 'em' | 'now' | 'origin' | 'ports' | 'actor'>,
  { purpose, email, userId }: { readonly purpose: VerificationPurpose; readonly email: string; readonly userId: UserId | null },
): Promise<MailAdmission> {
  const who = askedBy[purpose]
  const counted = { kind: purpose, to: email }
  if (who !== 'stranger') {
    const asker = callerId(context.actor) ?? 'system'
    const most = who === 'administrator' ? { most: mostOfAdministrator } : {}
    const sends = await countMail(context, { ...counted, asker, neighbourhood: asker, ...most, spared: who !== 'user' })
    if (who === 'user') await countMailOfNetwork(context)
    return { sends, priority: 0, group: asker }
  }
  const network = askingNetwork(context) ?? { asker: 'none', neighbourhood: 'none' }
  const isKnown = await isKnownNetwork(context, userId)
  const sends = await countMail(context, { ...counted, ...network, spared: isKnown })
  const { number, ...group } = await countMailOfNetwork(context)
  // The more a network has asked for, the later it comes: many who ask for one each do not wait for one who asks for many.
  return { sends, priority: (isKnown ? 1 : 0) + (purpose === 'signUp' ? lastInLine : 0) - number, ...group }
}
