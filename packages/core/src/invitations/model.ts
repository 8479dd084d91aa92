import { z } from 'zod'
import type { Id } from '../kernel/id.ts'
import { membershipRole } from '../organizations/model.ts'
import { invitationId, organizationId, userId } from '../kernel/ids.ts'

export type InvitationId = Id<'inv'>

/** Milliseconds an invitation can be accepted: 7 days. */
export const invitationLifetime = 7 * 24 * 60 * 60 * 1000

export const invitationState = z.enum(['pending', 'accepted', 'declined', 'revoked', 'expired'])
export type InvitationState = z.infer<typeof invitationState>

/** An invitation, as the organization sees it. It does not reveal whether the address has an account. */
export const Invitation = z.object({
  id: invitationId,
  organizationId,
  email: z.string(),
  role: membershipRole,
  state: invitationState,
  invitedBy: userId.nullable(),
  createdAt: z.date(),
  expiresAt: z.date(),
})
export type Invitation = z.infer<typeof Invitation>
