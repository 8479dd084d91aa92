import type { SqlEntityManager } from '@mikro-orm/sql'
import { assignmentsOf, byRole, loadGrants, type LoadedAssignment } from '../grants/index.ts'
import { idOf, uuidsOf, type Id } from '../kernel/id.ts'
import { coversAll } from '../kernel/rule.ts'
import type { Catalogue } from '../kernel/signature.ts'
import { idArray, runStatement, statement } from '../kernel/statement.ts'
import type { RoleDefinition } from '../kernel/decisions.ts'
import { managingOrganization } from '../users/index.ts'
import { joinMemberships, principalGrants, readGrants, type GrantRecord } from './grants.ts'

/** The permission that an impersonation is begun by, and stands on. */
const permission = 'auth.impersonate'

/** What an impersonation that may go on depends on, besides its user. */
export interface Standing {
  /** The ids whose change may end it: roles, teams and organizations of the impersonator. */
  readonly dependencies: readonly string[]
  /** When assignments of the impersonator begin or end, in milliseconds since the epoch. */
  readonly edges: readonly number[]
}

interface ImpersonationRecord extends GrantRecord {
  readonly session: string
  readonly user: string
  readonly home: string | null
  /** The organization that the impersonation is limited to. */
  readonly limit: string | null
  readonly definitions: string | null
}

/** By the sessions of impersonations: who acts, with what they hold in the session that they began it in. */
const impersonationsStatement = statement(
  'impersonations',
  `select s.id::text as session, u.id::text as user, u.home_organization_id::text as home, s.only_organization_id::text as limit,
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
 * Those of the impersonations in these sessions that may go on: they could be begun now. Whoever acts holds the permission, where the
 * session is limited to, and everything that the user has. What they hold from some networks only counts: they were there when they began.
 */
export async function standingImpersonations(
  em: SqlEntityManager,
  catalogue: Catalogue,
  sessions: readonly Id<'ses'>[],
  now: Date,
): Promise<ReadonlyMap<Id<'ses'>, Standing>> {
  if (sessions.length === 0) return none
  const records = await runStatement<ImpersonationRecord>(em, impersonationsStatement, [now, uuidsOf(sessions)])
  const standing = new Map<Id<'ses'>, Standing>()
  for (const record of records) {
    const found = await standingOf(em, catalogue, record, now)
    if (found !== null) standing.set(idOf('ses', record.session), found)
  }
  return standing
}

const none: ReadonlyMap<Id<'ses'>, Standing> = new Map()

async function standingOf(em: SqlEntityManager, catalogue: Catalogue, record: ImpersonationRecord, now: Date): Promise<Standing | null> {
  const defined = record.definitions === null ? [] : (JSON.parse(record.definitions) as RoleDefinition[])
  const { given, memberships } = readGrants(record)
  const held = principalGrants(record, { memberships, given: given.map(fromAnywhere) }, byRole(defined), catalogue, now)
  const { grants } = held
  const id = idOf('usr', record.user)
  if (!grants.allowsEverywhere(permission)) {
    const only = record.limit === null ? null : idOf('org', record.limit)
    if (only === null || !grants.allows(permission, only)) return null
    const home = record.home === null ? null : idOf('org', record.home)
    if ((await managingOrganization(em, { id, homeOrganizationId: home })) !== only) return null
  }
  if (!coversAll(grants, await loadGrants(em, id, 'everywhere'))) return null
  const organizations = held.memberships.map((membership) => idOf('org', membership.id))
  return { dependencies: [...held.dependencies, ...organizations], edges: held.edges }
}

function fromAnywhere(assignment: LoadedAssignment): LoadedAssignment {
  if (assignment.condition?.networks === undefined) return assignment
  const { networks: _networks, ...condition } = assignment.condition
  return { ...assignment, condition }
}
