import type { SqlEntityManager } from '@mikro-orm/sql'
import type { Grants } from '../../kernel/grants.ts'
import { idOf, uuidOf, uuidsOf, type Id } from '../../kernel/id.ts'
import type { Catalogue } from '../../kernel/signature.ts'
import { builtInRoles, organizationRoles, ownerPermissions, coveredBy, permissionsOf } from '../../grants/index.ts'
import type { Scope } from '../scopes.ts'
import { isAllowedAt, grantsOfSubject, loadSubjects, owns, type SubjectFacts } from '../subjects.ts'
import type { Visibility } from './visibility.ts'
import type { Missing } from './model.ts'
import { loadNames, type Names } from './names.ts'

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

/** Administrators of the organization, owners, and users with an assignment in the scope: nobody else can grant anything there. */
async function candidatesAt(em: SqlEntityManager, { organizationId, path, owners }: Scope): Promise<readonly Id<'usr'>[]> {
  const organization = organizationId === null ? null : uuidOf(organizationId)
  const things = uuidsOf(path)
  const powerless = uuidsOf([builtInRoles.user.id, builtInRoles.anonymous.id, builtInRoles.monitor.id])
  const rows = await em.execute<{ id: string }[]>(
    `with given as (select a.user_id, a.team_id from role_assignments a where a.revoked_at is null and (
        a.scope_kind = 'system' and (a.role_id is null or a.role_id <> all(?::uuid[])) or a.scope_kind = 'organization' and a.organization_id = ?::uuid
        or a.scope_team_id = any(?::uuid[]) or a.resource_id = any(?::uuid[])))
    select x.id::text as id from (select unnest(?::uuid[]) as id
      union select m.user_id from memberships m where m.organization_id = ?::uuid and m.role in ('owner', 'admin')
      union select g.user_id from given g where g.user_id is not null
      union select s.user_id from team_members s where s.team_id in (select g.team_id from given g)) x order by x.id limit ?`,
    [powerless, organization, things, things, uuidsOf(owners), organization, mostCandidates],
  )
  return rows.map(({ id }) => idOf('usr', id))
}

export async function whoCanGrant(
  em: SqlEntityManager,
  catalogue: Catalogue,
  { scope, now, visibility }: { readonly scope: Scope; readonly now: Date; readonly visibility: Visibility },
): Promise<GrantCandidates> {
  const ids = await candidatesAt(em, scope)
  const subjects = await loadSubjects(
    em,
    ids.map((userId) => ({ userId, sessionId: null })),
    now,
  )
  const candidates = subjects.map((facts) => ({ facts, grants: grantsOfSubject(catalogue, facts, { now, from: null }) }))
  const names = await loadNames(em, ids.map(uuidOf))
  return {
    of(wanted, patterns) {
      const able = candidates.filter((candidate) => canGrant(candidate, { catalogue, scope }, wanted, patterns))
      const shown = able.filter(({ facts }) => isVisible(facts, visibility)).slice(0, mostShown)
      return { users: shown.map(({ facts }) => shownUser(facts.userId, names)), count: able.length }
    },
  }
}

function shownUser(userId: Id<'usr'>, names: Names) {
  return { userId, username: names.get(uuidOf(userId)) ?? userId }
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
