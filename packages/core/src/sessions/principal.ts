import type { SqlEntityManager } from '@mikro-orm/sql'
import { builtInRoles, grantsOf, organizationRoles, type BuiltInRoleName, type Catalogue } from '../access/index.ts'
import type { PendingStep, Principal } from '../kernel/context.ts'
import { idOf, type Id, uuidsOf } from '../kernel/id.ts'
import { runStatement, statement, type Statement } from '../kernel/statement.ts'
import type { MembershipRole } from '../organizations/model.ts'
import { isActing, type UserStatus } from '../users/index.ts'
import type { TokenId } from '../tokens/index.ts'

/** A principal as loaded, with the hash that its token must have. */
export interface LoadedPrincipal {
  readonly principal: Principal
  readonly tokenHash: string
}

/** How the actor's row is locked while it is read. */
export type PrincipalLock = 'none' | 'share' | 'change'

interface PrincipalRecord {
  token: string
  hash: string
  session: string
  user: string
  username: string
  email: string | null
  display_name: string | null
  status: UserStatus
  need_password_change: boolean
  assurance: 'aal1' | 'aal2'
  expires_at: number
  organization: string | null
  allowed_ips: string
  frozen: boolean
  memberships: string | null
  roles: string | null
}

interface MembershipRecord {
  readonly id: string
  readonly slug: string
  readonly role: MembershipRole
}

interface AssignmentRecord {
  readonly name: string
  readonly builtIn: boolean
  readonly organization: string | null
  readonly from: number
  readonly until: number | null
  readonly permissions: readonly string[] | null
}

/**
 * The principals behind access tokens, in one statement: only tokens, sessions
 * and users that may act now are in the answer. Times travel as milliseconds
 * since the epoch, so that both drivers read them alike.
 */
export async function loadPrincipals(
  em: SqlEntityManager,
  catalogue: Catalogue,
  tokens: readonly TokenId[],
  now: Date,
  lock: PrincipalLock = 'none',
): Promise<Map<TokenId, LoadedPrincipal>> {
  const records = await runStatement<PrincipalRecord>(em, statements[lock], [now, uuidsOf(tokens), now, now])
  return new Map(
    records
      .filter(({ status }) => isActing(status))
      .map((record) => [idOf('tok', record.token), { principal: principalOf(record, catalogue, now), tokenHash: record.hash }]),
  )
}

const principals = `select t.id::text as token, t.hash, s.id::text as session, u.id::text as user, u.username, u.email, u.display_name,
    u.status, u.need_password_change, s.assurance,
    (extract(epoch from least(s.expires_at, t.expires_at)) * 1000)::float8 as expires_at,
    s.organization_id::text as organization, array_to_json(u.allowed_ips)::text as allowed_ips, u.grants_frozen_at is not null as frozen,
    m.memberships::text as memberships, r.roles::text as roles
  from tokens t
    join sessions s on s.id = t.session_id
    join users u on u.id = s.user_id
    left join lateral (
      select json_agg(json_build_object('id', o.id, 'slug', o.slug, 'role', m.role) order by m.id) as memberships
        from memberships m join organizations o on o.id = m.organization_id and o.status = 'active' where m.user_id = u.id) m on true
    left join lateral (
      select json_agg(json_build_object('name', r.name, 'builtIn', r.built_in, 'organization', a.organization_id,
          'from', (extract(epoch from a.valid_from) * 1000)::float8, 'until', (extract(epoch from a.valid_until) * 1000)::float8,
          'permissions', (select json_agg(p.permission) from role_permissions p where p.role_id = r.id)) order by r.name) as roles
        from role_assignments a join roles r on r.id = a.role_id
        where a.user_id = u.id and a.revoked_at is null and (a.valid_until is null or a.valid_until > ?::timestamptz)) r on true
  where t.id = any(?::uuid[]) and t.kind = 'access' and t.revoked_at is null and t.expires_at > ?::timestamptz
    and s.ended_at is null and s.expires_at > ?::timestamptz`

const statements: Readonly<Record<PrincipalLock, Statement>> = {
  none: statement('principals', principals),
  share: statement('principals_share', `${principals} for share of u`),
  change: statement('principals_change', `${principals} for no key update of u`),
}

function principalOf(record: PrincipalRecord, catalogue: Catalogue, now: Date): Principal {
  const memberships = record.memberships === null || record.frozen ? [] : (JSON.parse(record.memberships) as MembershipRecord[])
  const isMember = (organization: string | null) => organization === null || memberships.some(({ id }) => id === organization)
  const all = record.roles === null || record.frozen ? [] : (JSON.parse(record.roles) as AssignmentRecord[])
  // What was given in an organization goes with the membership, and with the organization.
  const assignments = all.filter(({ organization }) => isMember(organization))
  const current = assignments.filter(({ from }) => from <= now.getTime())
  const home = memberships.find(({ id }) => id === record.organization)
  const edges = assignments.map(({ from, until }) => (from > now.getTime() ? from : (until ?? Infinity)))
  const pendingSteps: PendingStep[] = record.need_password_change ? ['changePassword'] : []
  return Object.freeze({
    userId: idOf('usr', record.user),
    sessionId: idOf('ses', record.session),
    tokenId: idOf('tok', record.token),
    username: record.username,
    email: record.email,
    displayName: record.display_name,
    status: record.status as Principal['status'],
    roles: current.filter(({ organization }) => organization === null).map(({ name }) => name),
    grants: grantsOf(catalogue, [...current.map(holdingOf), ...memberships.map(holdingOfMember)]),
    organization: home === undefined ? null : { id: idOf('org', home.id), slug: home.slug },
    memberships: memberships.map(({ id, role }) => ({ organizationId: idOf('org', id), role })),
    allowedIps: record.allowed_ips === '[]' ? nowhereInParticular : (JSON.parse(record.allowed_ips) as string[]),
    assurance: record.assurance,
    pendingSteps,
    expiresAt: new Date(record.expires_at),
    validUntil: new Date(Math.min(record.expires_at, ...edges)),
  })
}

function holdingOf({ name, builtIn, organization, permissions }: AssignmentRecord) {
  return {
    organizationId: organization === null ? null : idOf('org', organization),
    permissions: builtIn ? builtInRoles[name as BuiltInRoleName].permissions : (permissions ?? []),
  }
}

const nowhereInParticular: readonly string[] = []

function holdingOfMember({ id, role }: MembershipRecord) {
  return { organizationId: idOf('org', id), permissions: organizationRoles[role].permissions }
}

/** The keys under which a cached principal is dropped: its user, its session, its organizations. */
export function invalidationKeys(principal: {
  userId: Id<'usr'>
  sessionId: Id<'ses'>
  memberships: readonly { organizationId: Id<'org'> }[]
}): readonly string[] {
  return [principal.userId, principal.sessionId, ...principal.memberships.map(({ organizationId }) => organizationId)]
}
