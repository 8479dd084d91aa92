import { defineError } from '../kernel/errors.ts'

export const unknownPermission = defineError<{ permission: string; suggestions: readonly string[] }>(
  'access.unknownPermission',
  'invalid',
  ({ permission, suggestions }) =>
    `There is no permission ${permission}, because Denizen has no such action.${suggestions.length === 0 ? '' : ` Did you mean ${suggestions.join(', ')}?`}`,
)
