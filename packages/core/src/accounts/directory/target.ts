import type { SqlEntityManager } from '@mikro-orm/sql'
import type { TargetFinder } from '../../kernel/action.ts'
import { isGrantedEverywhere, type Actor } from '../../kernel/actor.ts'
import type { CursorScope } from '../../kernel/page.ts'
import { allOf, granted, rule } from '../../kernel/rule.ts'
import { optionalOrganizationTarget, type OrganizationId } from '../../organizations/index.ts'
import { eachFilter, type UserFilter } from './filter.ts'

interface DirectoryInput {
  readonly organizationId?: OrganizationId | undefined
  readonly where?: UserFilter | undefined
}

/**
 * The organization whose users are requested. An organization that only a filter
 * names must be one whose members the caller may see: otherwise the filter would reveal
 * who is in it, so it is treated as if it did not exist.
 */
export const directoryTarget = {
  type: 'organization',
  names: (asked: DirectoryInput, actor: Actor) => asked.organizationId !== undefined || !seesMembers(actor, asked),
  async find(em: SqlEntityManager, asked: DirectoryInput, actor: Actor) {
    return seesMembers(actor, asked) ? optionalOrganizationTarget.find(em, { organizationId: asked.organizationId }) : null
  },
} satisfies TargetFinder<DirectoryInput>

/** Whether the caller may see the members of every organization that the filter names. */
function seesMembers(actor: Actor, asked: DirectoryInput): boolean {
  const organizations = filtersOf(asked).flatMap(({ memberOf }) => (memberOf === undefined ? [] : [memberOf]))
  if (actor.kind !== 'user') return actor.kind === 'system' || organizations.length === 0
  return organizations.every((id) => actor.principal.grants.allows('organizations.listMembers', id))
}

const mayFilterByMembership = rule('a filter by membership only for who may list those members', ({ actor, input }) =>
  seesMembers(actor, input as DirectoryInput),
)

/** Who has which role everywhere concerns the installation: filtering by it takes the permission everywhere. */
const mayFilterByRole = rule('a filter by role only for who has the permission everywhere', ({ actor, action, input }) => {
  const asksByRole = filtersOf(input as DirectoryInput).some(({ role }) => role !== undefined)
  return !asksByRole || isGrantedEverywhere(actor, action)
})

/** Who may list users: of the whole installation, with the permission everywhere; of an organization, with the permission there. */
export const mayReadDirectory = allOf(granted, mayFilterByRole, mayFilterByMembership)

function filtersOf({ where }: DirectoryInput): readonly UserFilter[] {
  return where === undefined ? [] : [...eachFilter(where)]
}

/** A cursor is only good for the organization, filter and order that it was made for. */
export function directoryScope(action: string, organizationId: string | null, filters: unknown): CursorScope {
  return { action, filters, viewer: organizationId ?? 'everywhere' }
}
