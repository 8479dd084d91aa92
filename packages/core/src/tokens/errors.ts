import { defineError } from '../kernel/errors.ts'

export const scopeTooWide = defineError<{ scopes: readonly string[] }>(
  'tokens.scopeTooWide',
  'denied',
  ({ scopes }) => `A token cannot do more than you: you do not have all of ${scopes.join(', ')}. Name scopes that you have.`,
)
export const tooManyTokens = defineError<{ limit: number }>(
  'tokens.tooMany',
  'limited',
  ({ limit }) => `This user has ${limit} API tokens, which is the limit. Revoke unused ones: tokens.list shows when each was last used.`,
)
export const notServiceUser = defineError(
  'tokens.notServiceUser',
  'conflict',
  'You can create API tokens for yourself and for service users. People create their own.',
)
export const tokenOver = defineError('tokens.over', 'conflict', 'This token was revoked or replaced, or has expired. Create another one.')
export const audienceUnknown = defineError<{ audience: string }>(
  'tokens.audienceUnknown',
  'invalid',
  ({ audience }) => `Tokens for ${audience} are not enabled: the operator of this installation must add it to the agent audiences first.`,
)
export const signedCredential = defineError(
  'tokens.signedCredential',
  'denied',
  'A websocket or agent token cannot issue tokens: use the session or API token that it was issued from.',
)
export const masterKeyWrong = defineError(
  'config.masterKeyWrong',
  'invalid',
  'The master key is not the one that the secrets in this database are sealed with. ' +
    'Start with the key of the other processes, or the one in the backup (DENIZEN_MASTER_KEY, or master.key in the data directory).',
)
export const keyUnreadable = defineError<{ keyId: string }>(
  'tokens.keyUnreadable',
  'unavailable',
  'The signing key was sealed with another master key. Start Denizen with the former master key.',
)
