import { defineError } from '../../kernel/errors.ts'

interface Named {
  readonly id: string
  readonly name: string
}

const namesOf = (things: readonly Named[]): string => things.map(({ name }) => name).join(', ')

export const roleNameTaken = defineError('roles.nameTaken', 'conflict', 'Another role here has this name.')
export const builtInRole = defineError<{ role: string }>(
  'roles.builtIn',
  'conflict',
  ({ role }) => `The role ${role} is built in and cannot be changed. Create a role of your own that includes it.`,
)
export const cyclicRoles = defineError<{ cycle: readonly Named[] }>(
  'roles.cycle',
  'conflict',
  ({ cycle }) => `Roles cannot include each other in a circle: ${cycle.map(({ name }) => name).join(' → ')}.`,
)
export const tooManyInRole = defineError<{ what: 'permissions' | 'included roles' | 'levels'; limit: number }>(
  'roles.tooMany',
  'conflict',
  ({ what, limit }) => `A role has at most ${limit} ${what}. Split it into several smaller roles.`,
)
export const roleIncluded = defineError<{ by: readonly Named[] }>(
  'roles.included',
  'conflict',
  ({ by }) => `Other roles include this one: ${namesOf(by)}. Remove it from those first (roles.setParents).`,
)
export const roleExcluded = defineError<{ exclusions: readonly Named[] }>(
  'roles.excluded',
  'conflict',
  ({ exclusions }) =>
    `Without this role, too few would be left in ${namesOf(exclusions)}. Change or delete that first (access.updateExclusion).`,
)
