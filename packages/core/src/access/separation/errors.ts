import { defineError } from '../../kernel/errors.ts'

interface NamedSet {
  readonly id: string
  readonly name: string
}

export const excluded = defineError<{ exclusion: NamedSet; cardinality: number; roles: readonly string[]; userId: string }>(
  'access.excluded',
  'conflict',
  ({ exclusion, cardinality, roles }) =>
    `Separation of duty: with this, somebody would have ${roles.join(', ')}, and nobody may have ${cardinality} of the roles of “${exclusion.name}”. Take one of them away first.`,
)
export const notOnResources = defineError<{ exclusion: NamedSet; roles: readonly string[] }>(
  'access.notOnResources',
  'conflict',
  ({ exclusion, roles }) =>
    `${roles.join(', ')}: “${exclusion.name}” says which roles are not used together in one session, and such roles cannot be held on resources. Give it in the organization, or on a team.`,
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
    `Separation of duty: ${users === 1 ? 'somebody has' : `${users} people have`} ${cardinality} or more of the roles of “${exclusion.name}” by now, first ${first.map(({ userId, roles }) => `${userId} (${roles.join(', ')})`).join(', ')}. Take one of the roles from them first.`,
)
export const heldOnResources = defineError<{ exclusion: NamedSet; roles: readonly string[]; assignments: number }>(
  'access.heldOnResources',
  'conflict',
  ({ exclusion, roles, assignments }) =>
    `“${exclusion.name}” says which roles are not used together in one session, and such roles cannot be held on resources: ${roles.join(', ')} ${assignments === 1 ? 'is, once' : `are, ${assignments} times`}. Take those grants away first.`,
)
export const exclusionNameTaken = defineError('access.exclusionNameTaken', 'conflict', 'Another set of roles here has this name.')
export const builtInNotExcludable = defineError<{ role: string }>(
  'access.builtInNotExcludable',
  'conflict',
  ({ role }) =>
    `${role} is built in, and Denizen gives it by rules of its own: it cannot be in a set. Make a role that includes it, and exclude that.`,
)
export const exclusionTooSmall = defineError<{ roles: number; cardinality: number }>(
  'access.exclusionTooSmall',
  'invalid',
  ({ roles, cardinality }) =>
    `Of ${roles} roles nobody can have ${cardinality}: a set needs as many roles as are too many together. Say which else, or a smaller cardinality.`,
)
export const exclusionTooLarge = defineError<{ limit: number }>(
  'access.exclusionTooLarge',
  'conflict',
  ({ limit }) => `A set has ${limit} roles at the most.`,
)
export const noSession = defineError(
  'access.noSession',
  'denied',
  'Roles are chosen for a session, and this call has none: API tokens use all that their user has. Sign in, or make a token with narrower scopes.',
)
export const tooManyActive = defineError<{
  exclusion: NamedSet
  deactivate: readonly { readonly id: string; readonly name: string }[]
}>('access.tooManyActive', 'conflict', ({ exclusion, deactivate }) =>
  deactivate.length === 0
    ? `This role alone brings more than one session may use of “${exclusion.name}”.`
    : `Not together in one session, says “${exclusion.name}”. Lay one of these down first (access.deactivateRole): ${deactivate.map(({ name }) => name).join(', ')}.`,
)
