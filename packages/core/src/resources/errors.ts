import { counted } from '../text/index.ts'
import { defineError } from '../kernel/errors.ts'

export const keyTaken = defineError(
  'resources.keyTaken',
  'conflict',
  'The organization or user that owns it already has a resource of this type with this key. Use another key.',
)
export const tooManyResources = defineError<{ type: string; limit: number }>(
  'resources.tooMany',
  'limited',
  ({ type, limit }) =>
    `The owner's policy allows ${counted(limit, 'resource')} of the type ${type}, and this would be more. Delete some, or have the policy changed.`,
)
export const nestedTooDeep = defineError<{ limit: number }>(
  'resources.tooDeep',
  'conflict',
  ({ limit }) => `Resources can be nested at most ${limit} levels deep.`,
)
export const notEmpty = defineError<{ count: number }>('resources.notEmpty', 'conflict', ({ count }) =>
  count === 1
    ? 'It contains another resource. Say "recursive" to delete that too.'
    : `It contains ${count} other resources. Say "recursive" to delete them too.`,
)
export const otherOwner = defineError(
  'resources.otherOwner',
  'conflict',
  "What is inside a user's own resource belongs to that user too. Leave the owner out, or choose another parent.",
)
export const insideAnother = defineError(
  'resources.insideAnother',
  'conflict',
  "What is inside a user's own resource is transferred with it. Transfer the outermost one.",
)
export const inNoOrganization = defineError(
  'resources.inNoOrganization',
  'conflict',
  'This resource is in no organization, so no organization can own it. Register it again in the organization.',
)
