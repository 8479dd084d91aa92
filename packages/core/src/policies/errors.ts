import { defineError } from '../kernel/errors.ts'

export const tooManyRequests = defineError<{ limit: number; retryAfter: number }>(
  'policies.tooManyRequests',
  'limited',
  ({ limit, retryAfter }) => `You may make ${limit} calls in a minute, and have made them. Try again in ${retryAfter} s.`,
)

export const policyNameTaken = defineError('policies.nameTaken', 'conflict', 'Another policy has this name.')

export const policyInUse = defineError<{ users: number; organizations: number }>(
  'policies.inUse',
  'conflict',
  ({ users, organizations }) =>
    `Users have this policy (${users}), or organizations (${organizations}): say what they get instead with reassignTo, or take it from them first.`,
)

export const policyIsDefault = defineError(
  'policies.isDefault',
  'conflict',
  'This policy is the default: everybody has it. Make another one the default first, or none (policies.assign).',
)

export const factorNotAllowed = defineError<{ factor: string; allowed: readonly string[] }>(
  'policies.factorNotAllowed',
  'denied',
  ({ allowed }) => `Your policy does not allow this kind of second factor. Set up one of: ${allowed.join(', ')}.`,
)
