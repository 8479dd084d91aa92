import { defineError } from '../kernel/errors.ts'

/** The same error for links that are wrong, expired, used or revoked, so that guessing reveals nothing. */
export const invitationInvalid = defineError(
  'organizations.invitationInvalid',
  'notFound',
  'This invitation is not valid: it has expired, was answered or revoked, or the link is incomplete. Ask for a new invitation.',
)
export const invitedAnother = defineError(
  'organizations.invitedAnother',
  'denied',
  'This invitation is for another address than yours. Sign out and open the link again, or ask for an invitation to your address.',
)
export const passwordNeeded = defineError<{ email: string }>(
  'organizations.passwordNeeded',
  'invalid',
  ({ email }) => `There is no account for ${email} yet: choose a password, and accepting the invitation makes one.`,
)
export const accountInactive = defineError(
  'organizations.accountInactive',
  'denied',
  'The account with this address is not active. Ask an administrator of this installation.',
)
export const signInFirst = defineError(
  'organizations.signInFirst',
  'denied',
  'The account with this address has special permissions, and its address is not verified. Sign in to it, then accept the invitation again.',
)
export const invitationAnswered = defineError<{ state: string }>(
  'organizations.invitationAnswered',
  'conflict',
  ({ state }) => `This invitation is ${state} already and cannot be revoked.`,
)
export const proveAddressFirst = defineError(
  'organizations.proveAddressFirst',
  'denied',
  'Confirm your own email address before you invite others: auth.requestEmailVerification mails you a link.',
)
