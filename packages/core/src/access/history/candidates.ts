import type { SqlEntityManager } from '@mikro-orm/sql'
import type { Scope } from '../../kernel/decisions.ts'
import { idOf, uuidOf, uuidsOf, type Id } from '../../kernel/id.ts'
import type { Catalogue } from '../../kernel/signature.ts'
import { organizationRoles } from '../../grants/index.ts'
import type { Visibility } from '../explain/visibility.ts'
import { loadRoleGraph, matchingPattern, patternsIn } from '../roles/graph.ts'
import { wasSo, type SubjectAt } from './state.ts'

interface CandidateQuery {
  readonly catalogue: Catalogue
  readonly scope: Scope
  readonly time: Date
  readonly permission?: string | undefined
}

interface Page {
  /** A UUID. */
  readonly after: string | null
  readonly limit: number
}

/**
 * Users who may have had a permission in a scope at a time, in the order of their ids: owners, members, and users with an assignment of a
 * role or pattern that includes it. Without a permission: all users with any assignment there.
 */
export async function candidatesAt(em: SqlEntityManager, sought: CandidateQuery, { after, limit }: Page): Promise<readonly Id<'usr'>[]> {
  const { scope, time } = sought
  const organization = scope.organizationId === null ? null : uuidOf(scope.organizationId)
  const { roles, members } = await rolesAllowing(em, sought, organization)
  const things = uuidsOf(scope.path)
  const rows = await em.execute<{ id: string }[]>(
    `with t as (select ?::timestamptz as at, ?::uuid as organization, ?::uuid[] as things, ?::uuid[] as roles, ?::text[] as members),
      given as (select a.user_id, a.team_id from role_assignments a, t where a.granted_at <= t.at and (a.revoked_at is null or a.revoked_at > t.at)
        and (a.valid_until is null or a.valid_until > t.at) and (a.role_id is null or t.roles is null or a.role_id = any(t.roles))
        and (a.scope_kind = 'system' and t.roles is not null or a.scope_kind = 'organization' and a.organization_id = t.organization
          or a.scope_team_id = any(t.things) or a.resource_id = any(t.things)))
    select x.id::text as id from (select unnest(?::uuid[]) as id
      union select m.user_id from memberships m, t where m.organization_id = t.organization and m.created_at <= t.at and m.role = any(t.members)
      union select f.subject_id from former_states f, t where f.kind = 'membership' and f.object_id = t.organization and ${wasSo} and f.value = any(t.members)
      union select g.user_id from given g where g.user_id is not null
      union select s.user_id from team_members s, t where s.team_id in (select g.team_id from given g) and s.created_at <= t.at
      union select f.subject_id from former_states f, t where f.kind = 'seat' and f.object_id in (select g.team_id from given g) and ${wasSo}) x
    where ?::uuid is null or x.id > ?::uuid order by x.id limit ?`,
    [time, organization, things, roles, `{${members.join(',')}}`, uuidsOf(scope.owners), after, after, limit],
  )
  return rows.map(({ id }) => idOf('usr', id))
}

/**
 * UUIDs of the roles that included the permission then (null: any role, but nothing on the whole system), and the membership roles that
 * do.
 */
async function rolesAllowing(em: SqlEntityManager, { catalogue, permission, time }: CandidateQuery, organization: string | null) {
  const all = Object.entries(organizationRoles)
  if (permission === undefined) return { roles: null, members: all.map(([name]) => name) }
  const graph = await loadRoleGraph(em, { home: organization }, time)
  const able = [...graph.keys()].filter((role) => matchingPattern(catalogue, patternsIn(graph, role), permission) !== null)
  const members = all.flatMap(([name, { permissions }]) => (matchingPattern(catalogue, permissions, permission) === null ? [] : [name]))
  return { roles: `{${able.join(',')}}`, members }
}

/**
 * Whether a user belonged to a scope, whatever their status: was a member of its organization or, outside of organizations, owned it or
 * had an assignment on it.
 */
export function belongedTo({ userId, places }: SubjectAt, { organizationId, owners, path }: Scope): boolean {
  if (organizationId !== null) return places.has(organizationId)
  return owners.includes(userId) || path.some((id) => places.has(id))
}

/** A user as the caller may know them: of somebody who did not belong to the scope then, nothing but the name. */
export function knownSubject({ everywhere }: Visibility, subject: SubjectAt, scope: Scope): SubjectAt {
  if (everywhere || belongedTo(subject, scope)) return subject
  return { ...subject, status: null, frozen: false, isActive: false, memberships: [], seats: [], assignments: [] }
}
