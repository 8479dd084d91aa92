import type { SqlEntityManager } from '@mikro-orm/sql'
import { assignmentsOf, byRole, loadGrantsOfAll, type LoadedAssignment } from '../grants/index.ts'
import type { Grant, Grants } from '../kernel/grants.ts'
import { idOf, isId, uuidsOf, type Id } from '../kernel/id.ts'
import type { InvalidationKey } from '../kernel/invalidation.ts'
import type { Origin } from '../kernel/origin.ts'
import { coversAll } from '../kernel/rule.ts'
import type { Catalogue } from '../kernel/signature.ts'
import { exclusiveLockNames, lockShared } from '../kernel/locks.ts'
import { idArray, lastOfPipeline, runStatement, sendStatement, statement } from '../kernel/statement.ts'
import type { RoleDefinition } from '../kernel/decisions.ts'
import { shortenImpersonations } from '../sessions/index.ts'
import { managedAmong } from '../users/index.ts'
import { joinMemberships, principalGrants, readGrants, type GrantRecord } from './grants.ts'

/** The permission that an impersonation is begun by, and stands on. */
const permission = 'auth.impersonate'

/** What an impersonation that may go on depends on, besides its user. */
export interface ImpersonationValidity {
  /** The ids whose change may end it: roles, teams and organizations of the impersonator. */
  readonly dependencies: readonly string[]
  /** When assignments of the impersonator begin or end, in milliseconds since the epoch. */
  readonly edges: readonly number[]
  /** Whether the impersonator holds it at an address (null: none is known); null: from anywhere. */
  readonly from: ((origin: Pick<Origin, 'ip' | 'remote'> | null) => boolean) | null
  /** When it will be over by itself, because assignments end; null: it will not. */
  readonly until: Date | null
}

interface ImpersonationRecord extends GrantRecord {
  readonly session: string
  /** The session that it was begun in. */
  readonly parent: string
  readonly user: string
  readonly home: string | null
  /** The organization that the impersonation is limited to. */
  readonly limit: string | null
  readonly definitions: string | null
}

/** By the sessions of impersonations: who acts, with what they hold in the session that they began it in. */
const impersonationsStatement = statement(
  'impersonations',
  `select s.id::text as session, p.id::text as parent, u.id::text as user, u.home_organization_id::text as home, s.only_organization_id::text as limit,
      p.assurance, i.grants_frozen_at is not null as frozen, null as scopes, p.only_organization_id::text as only_organization,
      array_to_json(p.activated_roles)::text as activated, array_to_json(p.dropped_roles)::text as dropped,
      m.memberships::text as memberships, r.assignments::text as assignments, r.definitions::text as definitions
    from sessions s
      join users u on u.id = s.user_id
      join users i on i.id = s.impersonator_id
      join sessions p on p.id = s.impersonator_session_id
      ${joinMemberships('i.id')}
      left join lateral ${assignmentsOf('i.id', `a.scope_kind <> 'resource'`)} r on true
    where s.id = any(${idArray})`,
)

/**
 * Those of the impersonations in these sessions that may go on: they could be begun now, from some address. Whoever acts holds the
 * permission, where the session is limited to, and everything that the user has.
 */
export async function validImpersonations(
  em: SqlEntityManager,
  catalogue: Catalogue,
  sessions: readonly Id<'ses'>[],
  now: Date,
): Promise<ReadonlyMap<Id<'ses'>, ImpersonationValidity>> {
  if (sessions.length === 0) return none
  const records = await runStatement<ImpersonationRecord>(em, impersonationsStatement, [now, uuidsOf(sessions)])
  const needs = await neededFor(em, records)
  // Those that were begun in one session as one user stand or fall together.
  const alike = new Map<string, ImpersonationValidity | null>()
  const valid = new Map<Id<'ses'>, ImpersonationValidity>()
  for (const record of records) {
    const kind = `${record.parent}/${record.user}/${record.limit}`
    const found = alike.get(kind) ?? (alike.has(kind) ? null : validityOf(catalogue, record, needs(record), now))
    alike.set(kind, found)
    if (found !== null) valid.set(idOf('ses', record.session), found)
  }
  return valid
}

const none: ReadonlyMap<Id<'ses'>, ImpersonationValidity> = new Map()

function validityOf(catalogue: Catalogue, record: ImpersonationRecord, needed: Needed, now: Date): ImpersonationValidity | null {
  const defined = byRole(record.definitions === null ? [] : (JSON.parse(record.definitions) as RoleDefinition[]))
  const { given, memberships } = readGrants(record)
  const grantsAt = (time: Date, assignments: readonly LoadedAssignment[]) =>
    principalGrants(record, { memberships, given: assignments }, defined, catalogue, time)
  const anywhere = given.map(withoutNetworks)
  const held = grantsAt(now, anywhere)
  if (!suffice(held.grants, needed)) return null
  const { conditionalGrants } = grantsAt(now, given)
  const end = held.edges
    .filter((edge) => edge > now.getTime() && edge < Infinity)
    .toSorted((one, other) => one - other)
    .find((edge) => !suffice(grantsAt(new Date(edge), anywhere).grants, needed))
  return {
    dependencies: [...held.dependencies, ...held.memberships.map((membership) => idOf('org', membership.id))],
    edges: held.edges,
    from: conditionalGrants === null ? null : (origin) => suffice(conditionalGrants.from(origin), needed),
    until: end === undefined ? null : new Date(end),
  }
}

/** What an impersonation stands on. */
interface Needed {
  /** The organization in which the permission is enough; null: it has to be held everywhere. */
  readonly within: Id<'org'> | null
  /** What the user has. */
  readonly grants: readonly Grant[]
}

/** What each of the impersonations stands on: loaded together, because whoever takes something away may have very many to look at. */
async function neededFor(em: SqlEntityManager, records: readonly ImpersonationRecord[]): Promise<(record: ImpersonationRecord) => Needed> {
  const users = [...new Set(records.map(({ user }) => idOf('usr', user)))]
  const grants = await loadGrantsOfAll(em, users)
  const limited = records.filter(({ limit, home }) => limit !== null && limit === home).map(({ user }) => idOf('usr', user))
  const managed = await managedAmong(em, [...new Set(limited)])
  return ({ user, limit, home }) => {
    const id = idOf('usr', user)
    const isWithin = limit !== null && limit === home && managed.has(id)
    return { within: isWithin ? idOf('org', limit) : null, grants: grants.get(id) ?? [] }
  }
}

function suffice(grants: Grants, { within, grants: users }: Needed): boolean {
  const isPermitted = grants.allowsEverywhere(permission) || (within !== null && grants.allows(permission, within))
  return isPermitted && coversAll(grants, users)
}

function withoutNetworks(assignment: LoadedAssignment): LoadedAssignment {
  if (assignment.condition?.networks === undefined) return assignment
  const { networks: _networks, ...condition } = assignment.condition
  return { ...assignment, condition }
}

const noLock = { answer: Promise.resolve() }

/**
 * Ends the running impersonations that may not go on, for good: none of them comes back with the permission. Of the others none outlasts
 * the assignments that it stands on. Returns the sessions that it ended.
 * @param changed only those that depend on one of these
 */
export async function reviewImpersonations(
  em: SqlEntityManager,
  catalogue: Catalogue,
  changed: readonly InvalidationKey[],
  now: Date,
): Promise<readonly Id<'ses'>[]> {
  const [users, sessions] = [changed.filter((key) => isId('usr', key)), changed.filter((key) => isId('ses', key))]
  const [roles, teams] = [changed.filter((key) => isId('rol', key)), changed.filter((key) => isId('team', key))]
  const organizations = changed.filter((key) => isId('org', key))
  const others = users.length + roles.length + teams.length + organizations.length
  if (others + sessions.length === 0) return []
  // One that is being begun meanwhile is either seen here, or sees what was taken.
  const { answer } = others === 0 ? noLock : await sendStatement(em, lockShared, [exclusiveLockNames.impersonations])
  const by = [roles, teams, organizations, users, users, sessions].map((ids) => uuidsOf(ids))
  const found = await lastOfPipeline(answer, runStatement<{ id: string }>(em, runningStatement, [...by, now]))
  const running = found.map(({ id }) => idOf('ses', id))
  if (running.length === 0) return running
  const valid = await validImpersonations(em, catalogue, running, now)
  const ends = running.flatMap((id) => {
    const found = valid.get(id)
    return found === undefined ? [{ id, at: now, isOver: true }] : found.until === null ? [] : [{ id, at: found.until, isOver: false }]
  })
  if (ends.length > 0) await shortenImpersonations(em, ends)
  return ends.flatMap(({ id, isOver }) => (isOver ? [id] : []))
}

/** Which of them depend on a role, a team or an organization nobody has written down: in an organization only members have anything. */
const runningStatement = statement(
  'running_impersonations',
  `with changed as (select organization_id as id from roles where id = any(${idArray})
      union select organization_id from teams where id = any(${idArray}) union select unnest(${idArray})),
    anywhere as (select exists (select 1 from changed where id is null) as is_so)
  select s.id::text as id from sessions s, anywhere where s.impersonator_id is not null and (anywhere.is_so
      or s.user_id = any(${idArray}) or s.impersonator_id = any(${idArray}) or s.impersonator_session_id = any(${idArray})
      or s.only_organization_id in (select id from changed)
      or exists (select 1 from memberships m where m.user_id in (s.user_id, s.impersonator_id) and m.organization_id in (select id from changed)))
    and s.ended_at is null and s.expires_at > ?::timestamptz order by s.id`,
)
