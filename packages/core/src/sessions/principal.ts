import type { SqlEntityManager } from '@mikro-orm/sql'
import {
  builtInRoles,
  grantsOf,
  grantsWithin,
  namesOf,
  organizationRoles,
  type BuiltInRoleName,
  type Catalogue,
  type GrantLimits,
} from '../access/index.ts'
import type { PendingStep, Principal, Settings, SignedLimits } from '../kernel/context.ts'
import { idOf, type Id, uuidsOf } from '../kernel/id.ts'
import { runStatement, statement } from '../kernel/statement.ts'
import type { MembershipRole } from '../organizations/model.ts'
import { isActing, type UserStatus } from '../users/index.ts'
import type { TokenId } from '../tokens/index.ts'
import { proofLifetime, sudoLifetime } from './model.ts'

/** A principal as loaded, with the hash that its token must have. */
export interface LoadedPrincipal {
  readonly principal: Principal
  readonly tokenHash: string
}

/** What a principal is worked out from besides its row. */
export interface PrincipalParts {
  readonly catalogue: Catalogue
  readonly settings: Settings
}

interface PrincipalRecord {
  token: string
  hash: string
  kind: 'access' | 'api'
  session: string | null
  user: string
  username: string
  email: string | null
  display_name: string | null
  status: UserStatus
  need_password_change: boolean
  need_factor: boolean
  unverified: boolean
  factors: boolean
  sudo: boolean
  password_age: number | null
  assurance: 'aal1' | 'aal2' | null
  proved_at: number | null
  impersonator: string | null
  impersonator_name: string | null
  expires_at: number | null
  organization: string | null
  token_organization: string | null
  scopes: string | null
  allowed_ips: string
  token_ips: string
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
  parts: PrincipalParts,
  tokens: readonly TokenId[],
  now: Date,
): Promise<Map<TokenId, LoadedPrincipal>> {
  const records = await runStatement<PrincipalRecord>(em, principalsStatement, [now, now, uuidsOf(tokens), now, now])
  return new Map(
    records
      .filter(({ status }) => isActing(status))
      .map((record) => [idOf('tok', record.token), { principal: principalOf(record, parts, now), tokenHash: record.hash }]),
  )
}

const principals = `select t.id::text as token, t.hash, t.kind, s.id::text as session, u.id::text as user, u.username, u.email, u.display_name,
    u.status, u.need_password_change, u.need_factor, u.email is not null and not u.email_verified as unverified, u.sudo_session_enabled as sudo,
    exists (select 1 from totp_factors f where f.user_id = u.id and f.activated_at is not null)
      or exists (select 1 from passkeys k where k.user_id = u.id) as factors,
    (extract(epoch from ?::timestamptz - u.password_changed_at))::float8 as password_age,
    s.assurance, (extract(epoch from s.proved_at) * 1000)::float8 as proved_at,
    i.id::text as impersonator, i.username as impersonator_name, t.organization_id::text as token_organization,
    array_to_json(t.scopes)::text as scopes, array_to_json(t.allowed_ips)::text as token_ips,
    (extract(epoch from least(s.expires_at, t.expires_at)) * 1000)::float8 as expires_at,
    s.organization_id::text as organization, array_to_json(u.allowed_ips)::text as allowed_ips, u.grants_frozen_at is not null as frozen,
    m.memberships::text as memberships, r.roles::text as roles
  from tokens t
    join users u on u.id = t.user_id
    left join sessions s on s.id = t.session_id
    left join users i on i.id = s.impersonator_id
    left join lateral (
      select json_agg(json_build_object('id', o.id, 'slug', o.slug, 'role', m.role) order by m.id) as memberships
        from memberships m join organizations o on o.id = m.organization_id and o.status = 'active' where m.user_id = u.id) m on true
    left join lateral (
      select json_agg(json_build_object('name', r.name, 'builtIn', r.built_in, 'organization', a.organization_id,
          'from', (extract(epoch from a.valid_from) * 1000)::float8, 'until', (extract(epoch from a.valid_until) * 1000)::float8,
          'permissions', (select json_agg(p.permission) from role_permissions p where p.role_id = r.id)) order by r.name) as roles
        from role_assignments a join roles r on r.id = a.role_id
        where a.user_id = u.id and a.revoked_at is null and (a.valid_until is null or a.valid_until > ?::timestamptz)) r on true
  where t.id = any(?::uuid[]) and t.kind in ('access', 'api') and t.revoked_at is null and (t.expires_at is null or t.expires_at > ?::timestamptz)
    and (t.kind = 'api' or s.ended_at is null and s.expires_at > ?::timestamptz)
    and (s.impersonator_id is null or i.status in ('active', 'temporary'))`

const principalsStatement = statement('principals', principals)

function principalOf(record: PrincipalRecord, { catalogue, settings }: PrincipalParts, now: Date): Principal {
  const memberships = membershipsOf(record)
  const isMember = (organization: string | null) => organization === null || memberships.some(({ id }) => id === organization)
  const all = record.roles === null || record.frozen ? [] : (JSON.parse(record.roles) as AssignmentRecord[])
  // What was given in an organization goes with the membership, and with the organization.
  const assignments = all.filter(({ organization }) => isMember(organization))
  const current = assignments.filter(({ from }) => from <= now.getTime())
  const home = memberships.find(({ id }) => id === (record.token_organization ?? record.organization))
  const edges = assignments.map(({ from, until }) => (from > now.getTime() ? from : (until ?? Infinity)))
  const roles = current.filter(({ organization }) => organization === null).map(({ name }) => name)
  const limits = limitsOf(record)
  return Object.freeze({
    userId: idOf('usr', record.user),
    sessionId: record.session === null ? null : idOf('ses', record.session),
    tokenId: idOf('tok', record.token),
    credential: record.kind,
    reach: limits.patterns === null ? null : namesOf(catalogue, limits.patterns),
    scopes: limits.patterns,
    signed: null,
    username: record.username,
    email: record.email,
    displayName: record.display_name,
    status: record.status as Principal['status'],
    roles,
    grants: grantsOf(catalogue, [...current.map(holdingOf), ...memberships.map(holdingOfMember)], limits),
    organization: home === undefined ? null : { id: idOf('org', home.id), slug: home.slug },
    memberships: memberships.map(({ id, role }) => ({ organizationId: idOf('org', id), role })),
    allowedIps: networksOf(record.allowed_ips),
    tokenIps: networksOf(record.token_ips),
    assurance: record.assurance ?? 'aal1',
    pendingSteps: pendingSteps(record, roles, settings),
    provedUntil: provedUntil(record),
    impersonator:
      record.impersonator === null ? null : { userId: idOf('usr', record.impersonator), username: record.impersonator_name ?? '' },
    expiresAt: record.expires_at === null ? null : new Date(record.expires_at),
    validUntil: new Date(Math.min(record.expires_at ?? endOfTime, endOfTime, ...edges)),
  })
}

/**
 * What is left of a principal for a signed token that was made from its credential.
 * One for a websocket opens that and no call; nobody proves with either who they are.
 */
export function limitedTo(catalogue: Catalogue, principal: Principal, signed: SignedLimits): Principal {
  const { kind, scopes, expiresAt } = signed
  const named = kind === 'websocket' ? noReach : scopes === null ? null : namesOf(catalogue, scopes)
  const reach = named === null || principal.reach === null ? (named ?? principal.reach) : intersectionOf(named, principal.reach)
  const end = (before: Date | null) => (before === null || before > expiresAt ? expiresAt : before)
  return Object.freeze({
    ...principal,
    credential: kind,
    reach,
    scopes: scopes ?? principal.scopes,
    signed,
    grants: reach === null ? principal.grants : grantsWithin(catalogue, principal.grants, reach),
    provedUntil: null,
    expiresAt: end(principal.expiresAt),
    validUntil: end(principal.validUntil),
  })
}

const noReach: ReadonlySet<string> = new Set()

function intersectionOf(left: ReadonlySet<string>, right: ReadonlySet<string>): ReadonlySet<string> {
  return new Set([...left].filter((name) => right.has(name)))
}

/** Of a token that acts in one organization only that one counts. */
function membershipsOf({ memberships, frozen, token_organization: only }: PrincipalRecord): readonly MembershipRecord[] {
  if (memberships === null || frozen) return []
  return (JSON.parse(memberships) as MembershipRecord[]).filter(({ id }) => only === null || id === only)
}

function limitsOf({ token_organization: only, scopes }: PrincipalRecord): GrantLimits {
  return { organizationId: only === null ? null : idOf('org', only), patterns: scopes === null ? null : (JSON.parse(scopes) as string[]) }
}
function holdingOf({ name, builtIn, organization, permissions }: AssignmentRecord) {
  return {
    organizationId: organization === null ? null : idOf('org', organization),
    permissions: builtIn ? builtInRoles[name as BuiltInRoleName].permissions : (permissions ?? []),
  }
}

const anywhere: readonly string[] = []

/** Most users are limited to none: they share one list. */
function networksOf(json: string): readonly string[] {
  return json === '[]' ? anywhere : (JSON.parse(json) as string[])
}

/** What the user still owes. Only sessions are held up by it: a program cannot choose a password. */
function pendingSteps(record: PrincipalRecord, roles: readonly string[], settings: Settings): readonly PendingStep[] {
  if (record.session === null || record.impersonator !== null) return noSteps
  const { maximumAgeDays } = settings.passwords
  const tooOld = maximumAgeDays !== null && (record.password_age ?? 0) > maximumAgeDays * secondsOfDay
  const steps: PendingStep[] = []
  if (settings.requireVerifiedEmail && record.unverified) steps.push('verifyEmail')
  if (record.need_password_change || tooOld) steps.push('changePassword')
  if ((record.need_factor || asksForFactor(settings, roles)) && !record.factors) steps.push('enrolFactor')
  return steps.length === 0 ? noSteps : steps
}

/** Whether the installation wants a second factor of who holds these roles everywhere. */
export function asksForFactor({ requireFactor }: Settings, roles: readonly string[]): boolean {
  if (requireFactor === 'administrators') return roles.some((role) => role !== 'user' && role !== 'anonymous')
  return requireFactor === 'everybody'
}

const noSteps: readonly PendingStep[] = []

/** What whoever signed in still owes, by the access token that they just got. It must be in the database. */
export async function pendingStepsOf(em: SqlEntityManager, settings: Settings, token: TokenId, now: Date): Promise<readonly PendingStep[]> {
  const loaded = await loadPrincipals(em, { catalogue: noActions, settings }, [token], now)
  return loaded.get(token)?.principal.pendingSteps ?? noSteps
}

const noActions: Catalogue = new Map()

/** Whoever acts for somebody else proves nothing of them, and a token proves nothing of whoever holds it. */
function provedUntil({ proved_at: provedAt, sudo, impersonator }: PrincipalRecord): Date | null {
  if (provedAt === null || impersonator !== null) return null
  return new Date(provedAt + (sudo ? sudoLifetime : proofLifetime))
}

function holdingOfMember({ id, role }: MembershipRecord) {
  return { organizationId: idOf('org', id), permissions: organizationRoles[role].permissions }
}

const secondsOfDay = 86_400
/** The last moment that a Date can hold. */
const endOfTime = 8.64e15

/** The keys under which a cached principal is dropped: its user, its session (or, without one, its token), its organizations, and who acts through it. */
export function invalidationKeys(principal: {
  userId: Id<'usr'>
  sessionId: Id<'ses'> | null
  tokenId: Id<'tok'>
  impersonator: { readonly userId: Id<'usr'> } | null
  memberships: readonly { organizationId: Id<'org'> }[]
}): readonly string[] {
  const { userId, sessionId, tokenId, impersonator } = principal
  const keys: string[] = [userId, sessionId ?? tokenId]
  if (impersonator !== null) keys.push(impersonator.userId)
  return [...keys, ...principal.memberships.map(({ organizationId }) => organizationId)]
}
