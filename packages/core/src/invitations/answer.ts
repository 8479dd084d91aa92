import type { SqlEntityManager } from '@mikro-orm/sql'
import { defineCommand, type TargetFinder } from '../kernel/action.ts'
import type { Actor } from '../kernel/actor.ts'
import type { CommandContext, PrepareContext } from '../kernel/context.ts'
import { anyOf, anyone, owner, type Rule, rule, type Target } from '../kernel/rule.ts'
import { existingUser, UserRow } from '../users/index.ts'
import { InvitationRow } from './entity.ts'
import { invitationInvalid, invitedAnother } from './errors.ts'
import type { InvitationId } from './model.ts'
import { isStillValid } from './rules.ts'
import { answer, findOffer, type Answer, type Offer } from './repository.ts'
import { invitationsSignatures } from './signatures.ts'
import { namedBy, proves } from './token.ts'

/** Names an invitation, by its link or its id. */
export interface InvitationInput {
  readonly token?: string | undefined
  readonly invitationId?: InvitationId | undefined
}

/** Who may answer: whoever has the link, or the invited user. */
export const mayAnswer: Rule = anyOf(
  rule('who has the link', ({ input }) => (input as InvitationInput).token !== undefined),
  owner,
)

/** An invitation by its id: it exists only for the user who has verified its address. The caller's row is locked. */
export const ownInvitationTarget = {
  type: 'invitation',
  locks: (_input: InvitationInput, actor: Actor) => (actor.kind === 'user' ? [actor.principal.userId] : []),
  async find(em: SqlEntityManager, { invitationId }: InvitationInput, actor: Actor): Promise<Target | null | undefined> {
    if (invitationId === undefined) return undefined
    const invitation = await em.findOne(InvitationRow, { id: invitationId }, { disableIdentityMap: true })
    const { userId } = actor.kind === 'user' ? actor.principal : { userId: null }
    if (invitation === null || userId === null) return null
    const proven = await em.count(UserRow, { id: userId, email: invitation.email, emailVerified: true })
    if (proven === 0) return null
    return { type: 'invitation', id: invitation.id, organizationId: null, userId, visibleWith: 'organizations.acceptInvitation' }
  },
} satisfies TargetFinder<InvitationInput>

type OfferContext = Pick<PrepareContext, 'ports' | 'catalogue' | 'now'>

/** The invitation that is to be answered. The error is the same whatever is wrong with it. */
export async function findOffered(
  em: SqlEntityManager,
  { ports, catalogue, now }: OfferContext,
  { token, invitationId }: InvitationInput,
): Promise<Offer> {
  const id = invitationId ?? namedBy(token ?? '')
  const offer = id === null ? null : await findOffer(em, id, now)
  if (offer === null || !isStillValid(offer, catalogue)) throw invitationInvalid({})
  if (token !== undefined && !proves(ports, token, offer.tokenHash)) throw invitationInvalid({})
  return offer
}

/** Signed-in users can only answer invitations to their own address, even with a link. */
export async function checkAddress({ em, actor }: Pick<CommandContext, 'em' | 'actor'>, { email }: Offer): Promise<void> {
  if (actor.kind !== 'user') return
  const user = await existingUser(em, actor.principal.userId)
  if (user.email !== email) throw invitedAnother({})
}

/** Answers the invitation once: a second answer fails. */
export async function answerOnce({ em, now }: CommandContext, offer: Offer, how: Answer): Promise<void> {
  if (!(await answer(em, offer, how, now))) throw invitationInvalid({})
}

/** Records the answer to an invitation. */
export function recordAnswer(
  context: CommandContext,
  { id, organization }: Offer,
  how: Answer,
  facts: Readonly<Record<string, unknown>>,
): void {
  const organizationId = organization.id
  context.note({ target: { type: 'invitation', id }, organizationId, changes: facts })
  context.emit({ type: `invitations.${how}`, subject: id, organizationId, payload: { invitationId: id, organizationId, ...facts } })
}

/** Changes nothing: mail scanners follow links too. */
export const viewInvitation = defineCommand(invitationsSignatures.viewInvitation, {
  allow: anyone,
  handlesSecret: true,
  async handle(context, input) {
    const { em, settings } = context
    const { id, organization, email, role, expiresAt, inviter } = await findOffered(em, context, input)
    const account = await em.findOne(UserRow, { email })
    context.note({ target: { type: 'invitation', id }, organizationId: organization.id, looked: true })
    return {
      organization,
      email,
      role,
      expiresAt,
      inviter: inviter?.name ?? null,
      hasAccount: account !== null,
      needsPassword: account?.emailVerified !== true,
      minimumPasswordLength: settings.passwords.minimumAlone,
    }
  },
})

export const declineInvitation = defineCommand(invitationsSignatures.declineInvitation, {
  allow: mayAnswer,
  handlesSecret: true,
  target: ownInvitationTarget,
  async handle(context, input) {
    const { em } = context
    const offer = await findOffered(em, context, input)
    await checkAddress(context, offer)
    await answerOnce(context, offer, 'declined')
    recordAnswer(context, offer, 'declined', {})
    return { organization: offer.organization }
  },
})
