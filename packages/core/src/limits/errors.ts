import { defineError } from '../kernel/errors.ts'

export const policyUnknown = defineError(
  'policies.unknown',
  'invalid',
  'There is no policy of this name: create it first with policies.create.',
)

export const factorNotAllowed = defineError<{ factor: string; allowed: readonly string[] }>(
  'policies.factorNotAllowed',
  'denied',
  ({ allowed }) => `Your policy does not allow this kind of second factor. Set up one of: ${allowed.join(', ')}.`,
)
