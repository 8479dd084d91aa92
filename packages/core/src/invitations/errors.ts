import { defineError } from '../kernel/errors.ts'

/** One for links that are wrong, too old, used, or taken back: who tries links learns nothing from the answer. */
export const invitationInvalid = defineError(
  'organizations.invitationInvalid',
  'notFound',
  'This invitation cannot be used: it is too old, was answered or taken back, or the link is not complete. Ask whoever invited you for a new one.',
)
export const invitedAnother = defineError(
  'organizations.invitedAnother',
  'denied',
  'This invitation is for another address than that of your account. Sign out and follow the link again, or ask for an invitation to your own address.',
)
export const passwordNeeded = defineError<{ email: string }>(
  'organizations.passwordNeeded',
  'invalid',
  ({ email }) => `There is no account for ${email} yet: choose a password, and accepting the invitation makes one.`,
)
export const accountInactive = defineError(
  'organizations.accountInactive',
  'denied',
  'The account with this address cannot be used at present. Ask whoever runs this installation.',
)
export const signInFirst = defineError(
  'organizations.signInFirst',
  'denied',
  'There is an account with this address that may do more than others, and nobody has proved yet that the address is its own. Sign in with it, then accept the invitation again.',
)
export const invitationAnswered = defineError<{ state: string }>(
  'organizations.invitationAnswered',
  'conflict',
  ({ state }) => `This invitation is ${state} already: there is nothing to take back.`,
)
