import type { Scope } from '../../kernel/decisions.ts'
import type { Grants } from '../../kernel/grants.ts'
import { uuidOf } from '../../kernel/id.ts'
import type { Catalogue } from '../../kernel/signature.ts'
import { builtInRoles, organizationRoles, ownerPermissions, coveredBy, permissionsOf } from '../../grants/index.ts'
import type { FactsReader } from '../facts/reader.ts'
import type { SubjectFacts } from '../facts/subjects.ts'
import { isAllowedAt, grantsOfSubject, owns } from '../subjects.ts'
import type { Visibility } from './visibility.ts'
import type { Missing } from './model.ts'

/** So many users with assignments there are considered; `count` is limited by it. */
const mostCandidates = 300
const mostShown = 5

/** A user who may be able to grant something in a scope. */
interface Candidate {
  readonly facts: SubjectFacts
  readonly grants: Grants
}

/** The users who can grant something in a scope. */
export interface GrantCandidates {
  /** Those who hold the permissions themselves: nobody grants what they do not hold. */
  of(wanted: Pick<Missing, 'membership' | 'grant' | 'ends'>, patterns: readonly string[]): Missing['givers']
}

/** Roles of the installation that let nobody grant anything. */
const powerless = [builtInRoles.user, builtInRoles.anonymous, builtInRoles.monitor].map(({ id }) => uuidOf(id))

/** Of administrators of the organization, owners, and users with an assignment in the scope: nobody else can grant anything there. */
export async function whoCanGrant(
  reader: FactsReader,
  catalogue: Catalogue,
  { scope, visibility }: { readonly scope: Scope; readonly visibility: Visibility },
): Promise<GrantCandidates> {
  const ids = await reader.candidates({
    scope,
    members: ['owner', 'admin'],
    roles: null,
    everywhereExcept: powerless,
    limit: mostCandidates,
  })
  const situation = { now: reader.time, from: null }
  const candidates = (await reader.users(ids)).map((facts) => ({ facts, grants: grantsOfSubject(catalogue, facts, situation) }))
  return {
    of(wanted, patterns) {
      const able = candidates.filter((candidate) => canGrant(candidate, { catalogue, scope }, wanted, patterns))
      const shown = able.filter(({ facts }) => isVisible(facts, visibility)).slice(0, mostShown)
      return { users: shown.map(({ facts: { userId, username } }) => ({ userId, username })), count: able.length }
    },
  }
}

function isVisible({ memberships }: SubjectFacts, { people }: Visibility): boolean {
  return people === 'all' || (people !== null && memberships.some(({ organizationId }) => organizationId === people))
}

function canGrant(
  { facts, grants }: Candidate,
  { catalogue, scope }: { readonly catalogue: Catalogue; readonly scope: Scope },
  { membership, grant, ends }: Pick<Missing, 'membership' | 'grant' | 'ends'>,
  patterns: readonly string[],
): boolean {
  const may = (permission: string) => isAllowedAt(grants, facts, permission, scope)
  const holds = (pattern: string) =>
    grants.covers(pattern, scope.organizationId, scope.path) ||
    (owns(facts, scope) && coveredBy([permissionsOf(catalogue, ownerPermissions)], catalogue, pattern))
  if (membership !== null) {
    if (!may('organizations.addMember') || !organizationRoles[membership.role].permissions.every(holds)) return false
  }
  if (grant === null) return true
  const [give, end] = grant.role === null ? grantActions.permission : grantActions.role
  const mayEnd = ends === null || may(end) || (scope.kind === 'resource' && may('resources.revoke'))
  return (may(give) || (scope.kind === 'resource' && may('resources.grant'))) && mayEnd && patterns.every(holds)
}

/** The actions that grant, and that end a grant. */
const grantActions = {
  permission: ['access.grantPermission', 'access.revokePermission'],
  role: ['access.assignRole', 'access.unassignRole'],
} as const
