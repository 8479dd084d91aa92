import { defineError } from '../kernel/errors.ts'

export const scopeTooWide = defineError<{ scopes: readonly string[] }>(
  'tokens.scopeTooWide',
  'denied',
  ({ scopes }) => `You may not do all of this yourself, so no token of yours may: ${scopes.join(', ')}. Name actions that you may do.`,
)
export const tooManyTokens = defineError<{ limit: number }>(
  'tokens.tooMany',
  'limited',
  ({ limit }) =>
    `There are ${limit} API tokens of this user already, as many as there may be. Revoke those that nobody uses: tokens.list says when each was used.`,
)
export const notServiceUser = defineError(
  'tokens.notServiceUser',
  'conflict',
  'Only a service user gets API tokens from somebody else: whoever signs in makes their own.',
)
export const tokenOver = defineError('tokens.over', 'conflict', 'This token was revoked or replaced, or has expired. Create another one.')
export const audienceUnknown = defineError<{ audience: string }>(
  'tokens.audienceUnknown',
  'invalid',
  ({ audience }) => `No token is made for ${audience}: the operator of this installation has to list it among the agent audiences first.`,
)
export const signedCredential = defineError(
  'tokens.signedCredential',
  'denied',
  'A websocket or agent token makes no other tokens: ask with the session or API token that it was made from.',
)
export const noOwner = defineError(
  'tokens.noOwner',
  'invalid',
  'Say whose token it is: name a service user. The operator of the machine has no account.',
)
export const keyUnreadable = defineError<{ keyId: string }>(
  'tokens.keyUnreadable',
  'unavailable',
  'The key that signs tokens was sealed under another master key. Start Denizen with the master key that it had before.',
)
