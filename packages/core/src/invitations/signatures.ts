import { z } from 'zod'
import { pageInput, pageOf } from '../kernel/page.ts'
import { secret } from '../kernel/secret.ts'
import { changes, group, reads } from '../kernel/signature.ts'
import { onlyAdministratorsCreate } from '../accounts/errors.ts'
import { mailNotConfigured, tooManyMails } from '../mail/errors.ts'
import { alreadyMember, organizationInactive, roleTooHigh, memberLimitReached } from '../organizations/errors.ts'
import { membershipRole, OrganizationSummary } from '../organizations/model.ts'
import { invitationId, organizationId, userId } from '../kernel/ids.ts'
import { newPasswordErrors } from '../passwords/errors.ts'
import { newPassword } from '../passwords/model.ts'
import { emailTaken, usernameTaken } from '../users/errors.ts'
import { email, fullName, username } from '../users/model.ts'
import {
  accountInactive,
  invitationAnswered,
  invitationInvalid,
  invitedAnother,
  passwordNeeded,
  proveAddressFirst,
  signInFirst,
} from './errors.ts'
import { Invitation, invitationState } from './model.ts'

/** The token in the mailed link. */
const token = secret(z.string().min(1).max(256)).meta({ description: 'from the link in the mail' })

/** By the token of the mailed link; or by its id, for the user who has verified the invited address. */
const answered = {
  token: token.optional(),
  invitationId: invitationId.optional(),
}
const which = { path: ['token'], error: 'either the `token` of the link or `invitationId` is needed' }
const isOne = ({ token, invitationId }: { token?: unknown; invitationId?: unknown }): boolean =>
  (token === undefined) !== (invitationId === undefined)

/** The actions of `organizations` that are made here. */
export const invitationsSignatures = group('organizations', {
  invite: changes({
    summary: 'Invite somebody to an organization by email',
    grantedTo: ['admin'],
    errors: [memberLimitReached, alreadyMember, organizationInactive, roleTooHigh, mailNotConfigured, tooManyMails, proveAddressFirst],
    input: z.strictObject({ organizationId, email, role: membershipRole.default('member') }),
    output: Invitation,
  }),
  viewInvitation: changes({
    summary: 'Show the invitation behind a link, before it is answered',
    errors: [invitationInvalid],
    input: z.strictObject({ token }),
    output: z.object({
      organization: OrganizationSummary,
      email: z.string(),
      role: membershipRole,
      expiresAt: z.date(),
      inviter: z.string().nullable().meta({ description: 'proved address or username; null: an administrator' }),
      hasAccount: z.boolean().meta({ description: 'false: accepting makes an account, and takes a password' }),
      needsPassword: z.boolean().meta({
        description:
          'true: there is no account, or nobody has proved its address; accepting with the link ends its old password and sessions',
      }),
      minimumPasswordLength: z.int().meta({ description: 'characters that the password has at least, if one is needed' }),
    }),
  }),
  acceptInvitation: changes({
    summary: 'Accept an invitation; this creates an account if you have none',
    errors: [
      ...newPasswordErrors,
      emailTaken,
      usernameTaken,
      memberLimitReached,
      alreadyMember,
      organizationInactive,
      invitationInvalid,
      invitedAnother,
      passwordNeeded,
      accountInactive,
      signInFirst,
      onlyAdministratorsCreate,
    ],
    input: z
      .strictObject({
        ...answered,
        password: newPassword.optional().meta({
          description: 'for the account, when there is none with the invited address, or nobody had proved that it is theirs',
        }),
        username: username.optional(),
        fullName: fullName.optional(),
      })
      .refine(isOne, which),
    output: z.object({
      organization: OrganizationSummary,
      role: membershipRole,
      userId,
      accountCreated: z.boolean(),
    }),
  }),
  declineInvitation: changes({
    summary: 'Decline an invitation',
    errors: [invitationInvalid, invitedAnother],
    input: z.strictObject(answered).refine(isOne, which),
    output: z.object({ organization: OrganizationSummary }),
  }),
  revokeInvitation: changes({
    summary: 'Revoke an invitation: its link stops working',
    grantedTo: ['admin'],
    errors: [invitationAnswered],
    input: z.strictObject({ invitationId }),
    output: Invitation,
  }),
  listInvitations: reads({
    summary: 'List the invitations of an organization, or, without one, those to your own address',
    grantedTo: ['admin'],
    input: z
      .strictObject({
        organizationId: organizationId.optional().meta({ description: 'whose; left out: those to your own address that you can answer' }),
        ...pageInput,
        state: invitationState.optional(),
      })
      .refine(({ organizationId, state }) => organizationId !== undefined || state === undefined || state === 'pending', {
        path: ['state'],
        error: 'of your own, only those are listed that you can answer: leave out `state`, or name `organizationId`',
      }),
    output: pageOf(Invitation.extend({ organization: OrganizationSummary })),
  }),
})
