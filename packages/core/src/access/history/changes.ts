import type { SqlEntityManager } from '@mikro-orm/sql'
import type { Scope } from '../../kernel/decisions.ts'
import { idOf, uuidOrNull, uuidsOf, type Id } from '../../kernel/id.ts'
import type { Visibility } from '../explain/visibility.ts'
import { changeKinds, type Change } from '../explain/model.ts'
import { loadNames, type Names } from '../facts/names.ts'
import { describeAssignmentScope } from '../explain/describe.ts'
import { changeInWords } from './change-in-words.ts'

/** Changes in one answer at most. */
const most = 500

interface ChangesQuery {
  readonly from: Date
  readonly to: Date
  /** null: of all users. */
  readonly userId: Id<'usr'> | null
  readonly scope: Scope
  readonly visibility: Visibility
}

/** A change. Ids are UUIDs, times milliseconds since the epoch. */
interface ChangeRecord {
  readonly at: number
  readonly what: Change['what']
  readonly user: string | null
  readonly team: string | null
  readonly role: string | null
  readonly permission: string | null
  readonly scope: 'system' | 'organization' | 'team' | 'resource' | null
  readonly organization: string | null
  readonly object: string | null
  readonly before: string | null
  readonly after: string | null
}

const emptyColumns = `null::uuid as usr, null::uuid as team, null::uuid as role, null::text as permission, null::text as scope,
  null::uuid as organization, null::uuid as object, null::text as before, null::text as after`

/** SQL that selects some columns of a change, and null for the others. */
function columns(given: Readonly<Partial<Record<string, string>>>): string {
  return emptyColumns.replaceAll(/(null::\w+) as (\w+)/g, (_, empty: string, name: string) => `${given[name] ?? empty} as ${name}`)
}

const during = (time: string) => `${time} > t.start and ${time} <= t.finish`

const assignmentColumns = columns({
  usr: 'a.user_id',
  team: 'a.team_id',
  role: 'a.role_id',
  permission: 'a.permission',
  scope: 'a.scope_kind',
  organization: 'a.organization_id',
  object: 'coalesce(a.scope_team_id, a.resource_id)',
})

/** Assignments of the user and of all teams they were ever in, or all assignments in the organization or on the resource. */
const wantedAssignments = `select a.* from role_assignments a, t where case when t.usr is null
    then (t.organization is not null and a.organization_id = t.organization and (cardinality(t.things) = 0 or a.scope_team_id = any(t.things) or a.resource_id = any(t.things)
      or a.scope_kind = 'organization')) or a.resource_id = any(t.things)
    else (a.user_id = t.usr or a.team_id in (select s.team_id from team_members s where s.user_id = t.usr
        union select f.object_id from former_states f where f.kind = 'seat' and f.subject_id = t.usr))
      and (t.everything or a.organization_id = t.organization or a.resource_id = any(t.things)) end`

/** The roles of these assignments with everything they ever included: their changes affect whoever has them. */
const wantedRoles = `select a.role_id as id from assigned a where a.role_id is not null
  union select i.included_id from wanted_roles w join role_inclusions i on i.role_id = w.id`

/** SQL for the changes of one kind of state: the value before and after each of them. */
function states(kind: string, { current, whom }: { readonly current: string; readonly whom: string }): string {
  return `(with s as (select f.subject_id as subject, f.object_id as object, f.value, f.began_at as began, f.ended_at as ended
        from former_states f where f.kind = '${kind}'
      union all select c.subject, c.object, c.value, greatest(c.since, (select max(f.ended_at) from former_states f where f.kind = '${kind}'
        and f.subject_id = c.subject and f.object_id is not distinct from c.object)), null from (${current}) c),
    edges as (select distinct s.subject, s.object, e.at from s, lateral (values (s.began), (s.ended)) e(at) where e.at is not null)
    select e.at, '${kind}' as what, e.subject, e.object,
        (select s.value from s where s.subject = e.subject and s.object is not distinct from e.object and s.ended = e.at limit 1) as before,
        (select s.value from s where s.subject = e.subject and s.object is not distinct from e.object and s.began = e.at limit 1) as after
      from edges e, t where ${during('e.at')} and ${whom})`
}

const isConcerned = '(t.usr is null or e.subject = t.usr)'
const inOrganization = '(e.object = t.organization or t.everything and t.usr is not null)'
const isMember = 'exists (select 1 from memberships m where m.user_id = e.subject and m.organization_id = t.organization)'
/** Nobody but operators and the user learns of a status while the user did not belong there. */
const belonged = `(t.everything
  or exists (select 1 from memberships m where m.user_id = e.subject and m.organization_id = t.organization and m.created_at <= e.at)
  or exists (select 1 from former_states f where f.kind = 'membership' and f.subject_id = e.subject and f.object_id = t.organization
    and f.began_at <= e.at and f.ended_at >= e.at)
  or t.organization is null and (exists (select 1 from resources r where r.id = any(t.things) and r.owner_user_id = e.subject and r.owned_since <= e.at)
    or exists (select 1 from role_assignments a where a.user_id = e.subject and a.resource_id = any(t.things) and a.granted_at <= e.at
      and (a.revoked_at is null or a.revoked_at >= e.at) and (a.valid_until is null or a.valid_until >= e.at))))`
const concerned = `(e.subject = t.usr or t.usr is null and ${isMember}) and ${belonged}`

const changesSql = `with recursive t as (select ?::timestamptz as start, ?::timestamptz as finish, ?::uuid as usr, ?::uuid as organization,
    ?::uuid[] as things, ?::boolean as everything),
  assigned as (${wantedAssignments}), wanted_roles as (${wantedRoles}),
  happened as (
    select a.granted_at as at, 'given' as what, ${assignmentColumns} from assigned a, t where ${during('a.granted_at')}
    union all select a.valid_from, 'began', ${assignmentColumns} from assigned a, t where ${during('a.valid_from')} and a.valid_from > a.granted_at
      and (a.revoked_at is null or a.revoked_at > a.valid_from)
    union all select a.valid_until, 'expired', ${assignmentColumns} from assigned a, t where ${during('a.valid_until')} and (a.revoked_at is null or a.revoked_at > a.valid_until)
    union all select a.revoked_at, 'revoked', ${assignmentColumns} from assigned a, t where ${during('a.revoked_at')} and (a.valid_until is null or a.valid_until >= a.revoked_at)
    union all select p.granted_at, 'roleGained', ${columns({ role: 'p.role_id', permission: 'p.permission' })} from role_permissions p, t
      where p.role_id in (select id from wanted_roles) and ${during('p.granted_at')}
    union all select p.revoked_at, 'roleLost', ${columns({ role: 'p.role_id', permission: 'p.permission' })} from role_permissions p, t
      where p.role_id in (select id from wanted_roles) and ${during('p.revoked_at')}
    union all select i.added_at, 'roleIncluded', ${columns({ role: 'i.role_id', object: 'i.included_id' })} from role_inclusions i, t
      where i.role_id in (select id from wanted_roles) and ${during('i.added_at')}
    union all select i.removed_at, 'roleExcluded', ${columns({ role: 'i.role_id', object: 'i.included_id' })} from role_inclusions i, t
      where i.role_id in (select id from wanted_roles) and ${during('i.removed_at')}
    union all select x.at, x.what, ${columns({ usr: 'x.subject', organization: 'x.object', before: 'x.before', after: 'x.after' })} from ${states(
      'membership',
      {
        current: 'select m.user_id as subject, m.organization_id as object, m.role as value, m.created_at as since from memberships m',
        whom: `${isConcerned} and ${inOrganization}`,
      },
    )} x
    union all select x.at, x.what, ${columns({ usr: 'x.subject', team: 'x.object', before: 'x.before', after: 'x.after' })} from ${states(
      'seat',
      {
        current: `select s.team_id as object, s.user_id as subject, 'seat' as value, s.created_at as since from team_members s`,
        whom: `${isConcerned} and (t.everything and t.usr is not null or exists (select 1 from teams g where g.id = e.object and g.organization_id = t.organization))`,
      },
    )} x
    union all select x.at, x.what, ${columns({ usr: 'x.subject', before: 'x.before', after: 'x.after' })} from ${states('userStatus', {
      current: `select u.id as subject, null::uuid as object, u.status || case when u.grants_frozen_at is null then '' else ' frozen' end as value,
        u.created_at as since from users u, t where u.id = t.usr or t.usr is null and u.id in (select m.user_id from memberships m where m.organization_id = t.organization)`,
      whom: concerned,
    })} x
    union all select x.at, x.what, ${columns({ organization: 'x.subject', before: 'x.before', after: 'x.after' })} from ${states(
      'organizationStatus',
      {
        current: `select o.id as subject, null::uuid as object, o.status as value, o.created_at as since from organizations o, t where o.id = t.organization`,
        whom: 'e.subject = t.organization',
      },
    )} x
    union all select x.at, x.what, ${columns({ object: 'x.subject', scope: `'resource'`, before: 'x.before', after: 'x.after' })} from ${states(
      'ownership',
      {
        current: `select r.id as subject, null::uuid as object, r.owner_user_id::text as value, r.owned_since as since from resources r, t where r.id = any(t.things)`,
        whom: 'e.subject = any(t.things)',
      },
    )} x)
  select json_agg(json_build_object('at', (extract(epoch from h.at) * 1000)::float8, 'what', h.what, 'user', h.usr, 'team', h.team, 'role', h.role,
      'permission', h.permission, 'scope', h.scope, 'organization', h.organization, 'object', h.object, 'before', h.before, 'after', h.after) order by h.at, h.what)::text as changes
    from (select * from happened order by at, what limit ${most + 1}) h`

/** The changes between two times that affect a user, or a scope, in order. */
export async function changesBetween(
  em: SqlEntityManager,
  { from, to, userId, scope, visibility }: ChangesQuery,
): Promise<{ readonly changes: Change[]; readonly complete: boolean }> {
  const organization = uuidOrNull(scope.organizationId)
  const user = uuidOrNull(userId)
  const [row] = await em.execute<{ changes: string | null }[]>(changesSql, [
    from,
    to,
    user,
    organization,
    uuidsOf(scope.path),
    visibility.everywhere,
  ])
  const all = JSON.parse(row?.changes ?? '[]') as ChangeRecord[]
  const shown = all.slice(0, most)
  const names = await namesIn(em, shown)
  return { changes: shown.map((happening) => changeOf(happening, names)).toSorted(inOrder), complete: all.length <= most }
}

/** A stable order for changes in the same millisecond: users, organizations, roles, then assignments. */
function inOrder(one: Change, other: Change): number {
  const rank = ({ what }: Change) => changeKinds.indexOf(what)
  return one.at.getTime() - other.at.getTime() || rank(one) - rank(other) || (one.text < other.text ? -1 : 1)
}

function namesIn(em: SqlEntityManager, happenings: readonly ChangeRecord[]): Promise<Names> {
  const uuids = happenings.flatMap(({ user, team, role, organization, object, what, before, after }) => [
    user,
    team,
    role,
    organization,
    object,
    ...(what === 'ownership' ? [before, after] : []),
  ])
  return loadNames(
    em,
    uuids.filter((id) => id !== null),
  )
}

function changeOf(happening: ChangeRecord, names: Names): Change {
  const { at, what, user, team, role, permission, scope, organization, object } = happening
  const named = (id: string | null) => (id === null ? null : (names.get(id) ?? id))
  const isOwnership = what === 'ownership'
  const [before, after] = [happening.before, happening.after].map((value) => (isOwnership ? named(value) : value))
  const kind = scope === null ? (organization === null ? null : 'organization') : scope
  const change = {
    at: new Date(at),
    what,
    user: user === null ? null : { userId: idOf('usr', user), username: named(user) ?? '' },
    team: team === null ? null : { teamId: idOf('team', team), name: named(team) ?? '' },
    role: role === null ? null : { id: idOf('rol', role), name: named(role) ?? '' },
    permission,
    on: kind === null ? null : describeAssignmentScope({ scope: kind, organization, object }, names),
    before: before ?? null,
    after: what === 'roleIncluded' || what === 'roleExcluded' ? named(object) : (after ?? null),
  }
  return { ...change, text: changeInWords(change, change.on) }
}
