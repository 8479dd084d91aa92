import { counted } from '../text/index.ts'
import { defineError } from '../kernel/errors.ts'

export const tooManyRequests = defineError<{ limit: number; retryAfter: number }>(
  'policies.tooManyRequests',
  'limited',
  ({ limit, retryAfter }) => `You have made the ${limit} calls that you may make in a minute. Try again in ${retryAfter} s.`,
)

export const policyNameTaken = defineError('policies.nameTaken', 'conflict', 'Another policy has this name.')

export const policyInUse = defineError<{ users: number; organizations: number }>(
  'policies.inUse',
  'conflict',
  ({ users, organizations }) =>
    `This policy is in use by ${counted(users, 'user')} and ${counted(organizations, 'organization')}. Name the policy that they get instead (reassignTo), or unassign it first.`,
)

export const policyIsDefault = defineError(
  'policies.isDefault',
  'conflict',
  'This policy is the default, for everybody who has no other. Make another one the default first, or none (policies.assign).',
)

export const factorNotAllowed = defineError<{ factor: string; allowed: readonly string[] }>(
  'policies.factorNotAllowed',
  'denied',
  ({ allowed }) => `Your policy does not allow this kind of second factor. Set up one of: ${allowed.join(', ')}.`,
)
