import { defineError } from '../../kernel/errors.ts'

type NamedSet = {
  readonly id: string
  readonly name: string
}

export const excluded = defineError<{ exclusion: NamedSet; cardinality: number; roles: readonly string[]; userId: string }>(
  'access.excluded',
  'conflict',
  ({ exclusion, cardinality, roles }) =>
    `Separation of duty: somebody would then have ${roles.join(', ')}, and nobody may have ${cardinality} of the roles in “${exclusion.name}”. Revoke one of them first.`,
)
export const notOnResources = defineError<{ exclusion: NamedSet; roles: readonly string[] }>(
  'access.notOnResources',
  'conflict',
  ({ exclusion, roles }) =>
    `“${exclusion.name}” says which roles may not be used together in one session, and such roles cannot be assigned on resources: ${roles.join(', ')}. Assign them in the organization or on a team.`,
)
export const exclusionViolated = defineError<{
  exclusion: NamedSet
  cardinality: number
  users: number
  first: readonly { readonly userId: string; readonly roles: readonly string[] }[]
}>(
  'access.exclusionViolated',
  'conflict',
  ({ exclusion, cardinality, users, first }) =>
    `Separation of duty: ${users === 1 ? 'somebody has' : `${users} people have`} ${cardinality} or more of the roles in “${exclusion.name}” already, first ${first.map(({ userId, roles }) => `${userId} (${roles.join(', ')})`).join(', ')}. Revoke one of those roles first.`,
)
export const heldOnResources = defineError<{ exclusion: NamedSet; roles: readonly string[]; assignments: number }>(
  'access.heldOnResources',
  'conflict',
  ({ exclusion, roles, assignments }) =>
    `“${exclusion.name}” says which roles may not be used together in one session, and such roles cannot be assigned on resources, as ${roles.join(', ')} ${assignments === 1 ? 'is once' : `are ${assignments} times`}. Revoke those assignments first.`,
)
export const exclusionNameTaken = defineError('access.exclusionNameTaken', 'conflict', 'Another set of roles here has this name.')
export const builtInNotExcludable = defineError<{ role: string }>(
  'access.builtInNotExcludable',
  'conflict',
  ({ role }) =>
    `The role ${role} is built in and follows rules of its own, so it cannot be in a set. Create a role that includes it, and put that one into the set.`,
)
export const exclusionTooSmall = defineError<{ roles: number; cardinality: number }>(
  'access.exclusionTooSmall',
  'invalid',
  ({ roles, cardinality }) =>
    `A set with the cardinality ${cardinality} needs at least ${cardinality} roles, and this one has ${roles}. Add roles, or choose a smaller cardinality.`,
)
export const exclusionTooLarge = defineError<{ limit: number }>(
  'access.exclusionTooLarge',
  'conflict',
  ({ limit }) => `A set has at most ${limit} roles.`,
)
export const noSession = defineError(
  'access.noSession',
  'denied',
  'Roles are activated in a session, and this call has none: an API token uses all roles of its user. Sign in, or create a token with narrower scopes.',
)
export const tooManyActive = defineError<{
  exclusion: NamedSet
  deactivate: readonly { readonly id: string; readonly name: string }[]
}>('access.tooManyActive', 'conflict', ({ exclusion, deactivate }) =>
  deactivate.length === 0
    ? `This role alone includes more roles of “${exclusion.name}” than one session may use.`
    : `“${exclusion.name}” does not allow these roles together in one session. Deactivate one of them first (access.deactivateRole): ${deactivate.map(({ name }) => name).join(', ')}.`,
)
