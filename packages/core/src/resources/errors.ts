import { defineError } from '../kernel/errors.ts'

export const keyTaken = defineError(
  'resources.keyTaken',
  'conflict',
  'There is a resource of this type with this key already, in the same organization or of the same owner.',
)
export const tooManyResources = defineError<{ type: string; limit: number }>(
  'resources.tooMany',
  'limited',
  ({ type, limit }) => `The policy of the owner allows ${limit} of the type ${type}, and so many there are, or would be.`,
)
export const nestedTooDeep = defineError<{ limit: number }>(
  'resources.tooDeep',
  'conflict',
  ({ limit }) => `Resources are inside each other at most ${limit} deep.`,
)
export const notEmpty = defineError<{ count: number }>('resources.notEmpty', 'conflict', ({ count }) =>
  count === 1
    ? 'There is another resource inside. Say "recursive" to delete it too.'
    : `There are ${count} other resources inside. Say "recursive" to delete them too.`,
)
export const otherOwner = defineError(
  'resources.otherOwner',
  'conflict',
  "What is inside a user's own resource is that user's too: leave the owner out, or put it somewhere else.",
)
export const insideAnother = defineError(
  'resources.insideAnother',
  'conflict',
  "What is inside a user's own resource changes hands with it: transfer the outermost one.",
)
export const inNoOrganization = defineError(
  'resources.inNoOrganization',
  'conflict',
  'This resource is in no organization, so none can own it: register it there anew.',
)
