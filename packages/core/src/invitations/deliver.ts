import { DenizenError, sealedElsewhere } from '../kernel/errors.ts'
import { isId } from '../kernel/id.ts'
import type { JobContext, JobHandler } from '../kernel/job.ts'
import type { Job } from '../kernel/event.ts'
import { mailRefused } from '../mail/index.ts'
import type { InvitationId } from './model.ts'
import { invitationMail } from './mail.ts'
import { isStillValid } from './rules.ts'
import { findOffer } from './repository.ts'
import { proves, tokenOf } from './token.ts'

const name = 'invitations.mail'

/** The job that mails the link. It contains no secret: the worker derives the token again. */
export function mailJob(invitation: { readonly id: InvitationId; readonly expiresAt: Date }, place: Pick<Job, 'priority' | 'group'>): Job {
  return { name, payload: { invitationId: invitation.id, expiresAt: invitation.expiresAt.toISOString() }, ...place }
}

/** Mails the link of an invitation, unless it was answered, revoked or renewed meanwhile. */
export const sendInvitation: JobHandler = {
  name,
  outside: true,
  async run(context, { invitationId, expiresAt }) {
    const { em, ports, settings, catalogue, now } = context
    if (typeof invitationId !== 'string' || !isId('inv', invitationId)) throw new TypeError(`${name} needs an invitationId.`)
    const offer = await findOffer(em, invitationId, now)
    if (offer === null || offer.expiresAt.toISOString() !== expiresAt || !isStillValid(offer, catalogue)) return
    const token = await tokenOf(ports, offer)
    // The job is kept and tried again: a process with the right key can do it.
    if (!proves(ports, token, offer.tokenHash)) throw sealedElsewhere({})
    await sendUnlessRefused(context, invitationId, () =>
      ports.mailer.send(invitationMail(offer, `${settings.publicUrl}/invitations/accept?token=${token}`, settings)),
    )
  },
}

/** A permanently refused mail is given up; the queue retries any other failure. */
async function sendUnlessRefused({ ports }: JobContext, invitationId: InvitationId, send: () => Promise<void>): Promise<void> {
  try {
    await send()
  } catch (error) {
    if (!(error instanceof DenizenError) || error.code !== mailRefused.code) throw error
    ports.logger.warn('The mail server will not take an invitation.', { invitationId, reason: error.details['reason'] })
  }
}
