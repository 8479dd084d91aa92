import type { SqlEntityManager } from '@mikro-orm/sql'
import type { TargetFinder } from '../../kernel/action.ts'
import type { Actor } from '../../kernel/actor.ts'
import { allOf, granted, rule } from '../../kernel/rule.ts'
import { optionalOrganizationTarget, type OrganizationId } from '../../organizations/index.ts'
import { eachFilter, type UserFilter } from './filter.ts'

interface Asked {
  readonly organizationId?: OrganizationId | undefined
  readonly where?: UserFilter | undefined
}

/**
 * The organization whose users are asked for. An organization that only a filter
 * names must be one whose members the caller may see: else the filter would tell
 * who is in it, and it is as if there were none of that id.
 */
export const directoryTarget = {
  type: 'organization',
  names: (asked: Asked, actor: Actor) => asked.organizationId !== undefined || !seesMembers(actor, asked),
  async find(em: SqlEntityManager, asked: Asked, actor: Actor) {
    return seesMembers(actor, asked) ? optionalOrganizationTarget.find(em, { organizationId: asked.organizationId }) : null
  },
} satisfies TargetFinder<Asked>

/** Whether the caller may see the members of every organization that the filter asks by. */
function seesMembers(actor: Actor, asked: Asked): boolean {
  const organizations = filtersOf(asked).flatMap(({ memberOf }) => (memberOf === undefined ? [] : [memberOf]))
  if (actor.kind !== 'user') return actor.kind === 'system' || organizations.length === 0
  return organizations.every((id) => actor.principal.grants.allows('organizations.listMembers', id))
}

const askingByMembership = rule('a filter by membership only for whoever may list those members', ({ actor, input }) =>
  seesMembers(actor, input as Asked),
)

/** Who holds which role everywhere is the installation's own business: whoever asks by it must hold the permission everywhere. */
const askingByRole = rule('a filter by role only for whoever holds it everywhere', ({ actor, action, input }) => {
  const asksByRole = filtersOf(input as Asked).some(({ role }) => role !== undefined)
  return !asksByRole || actor.kind === 'system' || (actor.kind === 'user' && actor.principal.grants.allowsEverywhere(action))
})

/** Who may ask for users: of the whole installation those who hold the permission everywhere, of an organization those who hold it there. */
export const overDirectory = allOf(granted, askingByRole, askingByMembership)

function filtersOf({ where }: Asked): readonly UserFilter[] {
  return where === undefined ? [] : [...eachFilter(where)]
}
