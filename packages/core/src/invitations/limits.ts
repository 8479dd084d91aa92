import { callerId } from '../kernel/actor.ts'
import type { CommandContext } from '../kernel/context.ts'
import { mayInviteAnywhere } from './rules.ts'
import { tooManyMails } from '../mail/index.ts'
import type { OrganizationId } from '../organizations/index.ts'
import { countInHour, countMail, countMailOfNetwork, secondsLeftOfHour } from '../throttling/index.ts'
import { existingUser } from '../users/index.ts'
import { proveAddressFirst } from './errors.ts'

/** Invitations within an hour of the clock, by one inviter and by all of an organization. */
const most = { ofInviter: 100, ofOrganization: 200 } as const

/**
 * Counts an invitation by its recipient, inviter, organization and network, and gives its place among the mails that wait: the more an
 * organization has sent, the later. Throws `mail.tooMany` above a limit. Whoever invites for the whole installation is not counted.
 */
export async function admitInvitation(
  context: CommandContext,
  organizationId: OrganizationId,
  email: string,
): Promise<{ readonly priority: number; readonly group: string }> {
  const { actor, now } = context
  if (mayInviteAnywhere(actor)) return { priority: 0, group: organizationId }
  await checkAddress(context)
  const refuse = (of: 'you' | 'this organization' | 'this address') => tooManyMails({ of, retryAfter: secondsLeftOfHour(now) })
  const mailed = { kind: 'invitation', to: email, asker: organizationId, neighbourhood: organizationId, spared: false }
  if (!(await countMail(context, mailed))) throw refuse('this address')
  if ((await countInHour(context, 'invitations/inviter', [callerId(actor) ?? ''])) > most.ofInviter) throw refuse('you')
  const number = await countInHour(context, 'invitations/organization', [organizationId])
  if (number > most.ofOrganization) throw refuse('this organization')
  await countMailOfNetwork(context)
  return { priority: -number, group: organizationId }
}

/** Somebody who can be reached themselves: nobody sends mail in the name of a service without a name. */
async function checkAddress({ em, actor }: CommandContext): Promise<void> {
  const id = callerId(actor)
  const inviter = id === null ? null : await existingUser(em, id)
  if (inviter !== null && inviter.kind !== 'service' && !inviter.emailVerified) throw proveAddressFirst({})
}
