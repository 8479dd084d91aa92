import type { SqlEntityManager } from '@mikro-orm/sql'
import { assignmentsOf, byRole, customRolesIn, exclusiveRoles, namesOf } from '../grants/index.ts'
import type { Catalogue } from '../kernel/signature.ts'
import type { PendingStep, Principal } from '../kernel/actor.ts'
import { catalogueOf } from '../kernel/catalogue.ts'
import type { Settings } from '../kernel/settings.ts'
import type { RoleDefinition, RoleDefinitions } from '../kernel/decisions.ts'
import { idOf, idOrNull, type Id, uuidsOf } from '../kernel/id.ts'
import { idArray, runStatement, statement } from '../kernel/statement.ts'
import { dependenciesOn, policiesIn, policiesOfUser, combineLimits, type Limits } from '../policies/index.ts'
import { isActing, type UserStatus } from '../users/index.ts'
import type { TokenId } from '../tokens/index.ts'
import { validImpersonations } from './impersonation-validity.ts'
import { joinMemberships, principalGrants, readGrants, type GrantRecord, type ReadGrants } from './grants.ts'
import { proofLifetime, sudoLifetime } from '../sessions/model.ts'

/** A loaded principal, with the hash that its token must have. */
export interface LoadedPrincipal {
  readonly principal: Principal
  readonly tokenHash: string
}

/** What is needed to build a principal besides its row. */
export interface PrincipalParts {
  readonly catalogue: Catalogue
  readonly settings: Settings
}

interface PrincipalRecord extends GrantRecord {
  token: string
  hash: string
  kind: 'access' | 'api'
  session: string | null
  user: string
  username: string
  email: string | null
  display_name: string | null
  status: UserStatus
  anonymous: boolean
  need_password_change: boolean
  need_factor: boolean
  unverified: boolean
  totp: boolean
  passkey: boolean
  sudo: boolean
  password_age: number | null
  proved_at: number | null
  impersonator: string | null
  impersonator_name: string | null
  impersonator_session: string | null
  impersonator_until: number | null
  expires_at: number | null
  session_until: number | null
  organization: string | null
  allowed_ips: string
  token_ips: string
  impersonator_ips: string | null
  policies: string | null
  home: string | null
  /** null: none of its roles is a custom one, or they were not asked for. */
  definitions: string | null
}

/**
 * The principals behind access tokens, in one statement: only tokens, sessions
 * and users that may act now are in the answer. Times travel as milliseconds
 * since the epoch, so that both drivers read them alike. `roles` are cached
 * definitions; without it they come with the same statement, as of the same moment.
 */
export async function loadPrincipals(
  em: SqlEntityManager,
  parts: PrincipalParts,
  tokens: readonly TokenId[],
  now: Date,
  roles: RoleDefinitions | null = null,
): Promise<Map<TokenId, LoadedPrincipal>> {
  const wanted = roles === null ? principalsWithDefinitions : principalsAlone
  const records = await runStatement<PrincipalRecord>(em, wanted, [now, now, uuidsOf(tokens), now, now, now])
  const read = records.flatMap((record) => (isActing(record.status) ? [{ record, grants: readGrants(record) }] : []))
  const cachedDefinitions = roles === null ? null : await roles.of(em, customRolesIn(read.flatMap(({ grants }) => grants.given)))
  const loaded = new Map(
    read.map(({ record, grants }) => {
      const principal = principalOf(record, grants, cachedDefinitions ?? definitionsIn(record), parts, now)
      return [idOf('tok', record.token), { principal, tokenHash: record.hash }]
    }),
  )
  return read.some(({ record }) => record.impersonator !== null) ? withoutEndedImpersonations(em, parts.catalogue, loaded, now) : loaded
}

/** Without the impersonations that may not go on. Those that may depend on their impersonator's grants as well. */
async function withoutEndedImpersonations(
  em: SqlEntityManager,
  catalogue: Catalogue,
  loaded: ReadonlyMap<TokenId, LoadedPrincipal>,
  now: Date,
): Promise<Map<TokenId, LoadedPrincipal>> {
  const sessions = [...loaded.values()].flatMap(({ principal: { impersonator, sessionId } }) =>
    impersonator === null || sessionId === null ? [] : [sessionId],
  )
  const valid = await validImpersonations(em, catalogue, sessions, now)
  return new Map(
    [...loaded].flatMap(([id, { principal, tokenHash }]) => {
      const { impersonator, sessionId, validUntil: until, dependencies } = principal
      if (impersonator === null || sessionId === null) return [[id, { principal, tokenHash }]]
      const found = valid.get(sessionId)
      if (found === undefined) return []
      const limits = {
        dependencies: [...dependencies, ...found.dependencies],
        validUntil: validUntil(until, found.edges),
        impersonatorMayActFrom: found.from,
      }
      return [[id, { principal: Object.freeze({ ...principal, ...limits }), tokenHash }]]
    }),
  )
}

function definitionsIn({ definitions }: PrincipalRecord): ReadonlyMap<string, RoleDefinition> {
  return definitions === null ? noDefinitions : byRole(JSON.parse(definitions) as RoleDefinition[])
}

const noDefinitions: ReadonlyMap<string, RoleDefinition> = new Map()

/**
 * The most frequent statement of all, so it selects only what a call needs: no grants on resources. Put together of the same SQL as the
 * reader of facts (`access/facts/`), which reads everything about a subject.
 */
const principals = ({
  withDefinitions,
}: {
  withDefinitions: boolean
}) => `select t.id::text as token, t.hash, t.kind, s.id::text as session, u.id::text as user, u.username, u.email, u.display_name,
    u.status, u.kind = 'anonymous' as anonymous, u.need_password_change, u.need_factor, u.email is not null and not u.email_verified as unverified, u.sudo_session_enabled as sudo,
    exists (select 1 from totp_factors f where f.user_id = u.id and f.activated_at is not null) as totp,
    exists (select 1 from passkeys k where k.user_id = u.id) as passkey,
    (extract(epoch from ?::timestamptz - u.password_changed_at))::float8 as password_age,
    s.assurance, (extract(epoch from s.proved_at) * 1000)::float8 as proved_at,
    i.id::text as impersonator, i.username as impersonator_name, p.id::text as impersonator_session,
    (extract(epoch from p.expires_at) * 1000)::float8 as impersonator_until, coalesce(t.organization_id, s.only_organization_id)::text as only_organization,
    array_to_json(t.scopes)::text as scopes, array_to_json(t.allowed_ips)::text as token_ips,
    array_to_json(i.allowed_ips)::text as impersonator_ips,
    (extract(epoch from least(s.expires_at, t.expires_at)) * 1000)::float8 as expires_at,
    (extract(epoch from s.expires_at) * 1000)::float8 as session_until,
    s.organization_id::text as organization, array_to_json(u.allowed_ips)::text as allowed_ips, u.grants_frozen_at is not null as frozen,
    m.memberships::text as memberships, r.assignments::text as assignments, r.definitions::text as definitions, ${policiesOfUser}::text as policies,
    u.home_organization_id::text as home,
    array_to_json(s.activated_roles)::text as activated, array_to_json(s.dropped_roles)::text as dropped
  from tokens t
    join users u on u.id = t.user_id
    left join sessions s on s.id = t.session_id
    left join users i on i.id = s.impersonator_id
    left join sessions p on p.id = s.impersonator_session_id
    ${joinMemberships('u.id')}
    left join lateral ${assignmentsOf('u.id', `(a.scope_kind <> 'resource' or a.role_id in ${exclusiveRoles})`, { withDefinitions })} r on true
  where t.id = any(${idArray}) and t.kind in ('access', 'api') and t.revoked_at is null and (t.expires_at is null or t.expires_at > ?::timestamptz)
    and (t.kind = 'api' or s.ended_at is null and s.expires_at > ?::timestamptz)
    and (s.impersonator_id is null or i.status in ('active', 'temporary') and p.ended_at is null and p.expires_at > ?::timestamptz)`

const principalsWithDefinitions = statement('principals', principals({ withDefinitions: true }))
const principalsAlone = statement('principals_alone', principals({ withDefinitions: false }))

function principalOf(
  record: PrincipalRecord,
  grants: ReadGrants,
  definitions: ReadonlyMap<string, RoleDefinition>,
  { catalogue, settings }: PrincipalParts,
  now: Date,
): Principal {
  const { limits, isPrivileged, memberships, edges, ...granted } = principalGrants(record, grants, definitions, catalogue, now)
  const policies = policiesIn(record.policies)
  const policy = combineLimits(policies)
  const expiresAt = record.expires_at === null ? null : new Date(record.expires_at)
  const home = memberships.find(({ id }) => id === (record.only_organization ?? record.organization))
  return Object.freeze({
    userId: idOf('usr', record.user),
    sessionId: idOrNull('ses', record.session),
    tokenId: idOf('tok', record.token),
    credential: record.kind,
    allowedActions: limits.patterns === null ? null : namesOf(catalogue, limits.patterns),
    scopes: limits.patterns,
    signed: null,
    username: record.username,
    email: record.email,
    displayName: record.display_name,
    status: record.status as Principal['status'],
    isAnonymous: record.anonymous,
    ...granted,
    dependencies: dependenciesOf(granted.dependencies, dependenciesOn(policies), record.home),
    requestsPerMinute: policy.requestsPerMinute ?? null,
    organization: home === undefined ? null : { id: idOf('org', home.id), slug: home.slug },
    memberships: memberships.map(({ id, role }) => ({ organizationId: idOf('org', id), role })),
    ...addressesOf(record),
    assurance: record.assurance ?? 'aal1',
    pendingSteps: pendingSteps(record, isPrivileged, settings, policy),
    recentAuthUntil: recentAuthUntil(record),
    impersonator: impersonatorOf(record),
    expiresAt,
    sessionExpiresAt: record.session_until === null ? null : new Date(record.session_until),
    validUntil: validUntil(expiresAt ?? never, record.impersonator_until === null ? edges : [...edges, record.impersonator_until]),
  })
}

function impersonatorOf({ impersonator, impersonator_name: username, impersonator_session: session }: PrincipalRecord) {
  if (impersonator === null || session === null) return null
  return { userId: idOf('usr', impersonator), username: username ?? '', sessionId: idOf('ses', session) }
}

function validUntil(expiresAt: Date, edges: readonly number[]): Date {
  const first = edges.reduce((least, edge) => Math.min(least, edge), Infinity)
  return first < expiresAt.getTime() ? new Date(first) : expiresAt
}

/** Most principals depend on the default policy alone: they share one list. */
function dependenciesOf(given: readonly string[], policies: readonly string[], home: string | null): readonly string[] {
  return given.length === 0 && home === null ? policies : [...given, ...policies, ...(home === null ? [] : [idOf('org', home)])]
}

function addressesOf({ allowed_ips: user, token_ips: token, impersonator_ips: impersonator }: PrincipalRecord) {
  const impersonatorIps = networksOf(impersonator ?? '[]')
  return { allowedIps: networksOf(user), tokenIps: networksOf(token), impersonatorIps, impersonatorMayActFrom: null }
}

/** Most users have no allowed addresses: they share one list. */
function networksOf(json: string): readonly string[] {
  return json === '[]' ? anywhere : (JSON.parse(json) as string[])
}

const anywhere: readonly string[] = []

/** The pending steps of the user. Only sessions have them: a program cannot choose a password. */
function pendingSteps(record: PrincipalRecord, isPrivileged: boolean, settings: Settings, policy: Limits): readonly PendingStep[] {
  if (record.session === null || record.impersonator !== null) return noSteps
  const { passwordLifetimeDays: maximumAgeDays = settings.passwords.maximumAgeDays } = policy
  const tooOld = maximumAgeDays !== null && (record.password_age ?? 0) > maximumAgeDays * secondsOfDay
  const steps: PendingStep[] = []
  if (settings.requireVerifiedEmail && record.unverified) steps.push('verifyEmail')
  if (record.need_password_change || tooOld) steps.push('changePassword')
  if (owesFactor(record, isPrivileged, settings, policy)) steps.push('enrolFactor')
  return steps.length === 0 ? noSteps : steps
}

/** A user whose factors are all disallowed by the policy still signs in with them, and then must enrol an allowed one. */
function owesFactor(record: PrincipalRecord, isPrivileged: boolean, settings: Settings, { allowedFactors }: Limits): boolean {
  const held = (['totp', 'passkey'] as const).filter((kind) => record[kind])
  const isWanted = record.need_factor || held.length > 0 || asksForFactor(settings, isPrivileged)
  return isWanted && !held.some((kind) => allowedFactors?.includes(kind) ?? true)
}

/** Whether the installation requires a second factor from users who hold more than the role `user` everywhere, or from others. */
export function asksForFactor({ requireFactor }: Settings, isPrivileged: boolean): boolean {
  return requireFactor === 'everybody' || (requireFactor === 'administrators' && isPrivileged)
}

const noSteps: readonly PendingStep[] = []

/** The pending steps after a sign-in, by the new access token. Its row must be in the database. */
export async function pendingStepsOf(em: SqlEntityManager, settings: Settings, token: TokenId, now: Date): Promise<readonly PendingStep[]> {
  const loaded = await loadPrincipals(em, { catalogue: catalogueOf([]), settings }, [token], now)
  return loaded.get(token)?.principal.pendingSteps ?? noSteps
}

/** Impersonators and API tokens never count as recently authenticated. */
function recentAuthUntil({ proved_at: provedAt, sudo, impersonator }: PrincipalRecord): Date | null {
  if (provedAt === null || impersonator !== null) return null
  return new Date(provedAt + (sudo ? sudoLifetime : proofLifetime))
}

const secondsOfDay = 86_400
/** The latest instant that a Date can hold. */
const endOfTime = 8.64e15
const never = new Date(endOfTime)

/** The keys under which a cached principal is dropped: its user, its session (or, without one, its token), its organizations, who acts through it from which session, and the roles, teams and policies that it has something by. */
export function invalidationKeys(principal: {
  userId: Id<'usr'>
  sessionId: Id<'ses'> | null
  tokenId: Id<'tok'>
  impersonator: { readonly userId: Id<'usr'>; readonly sessionId: Id<'ses'> } | null
  memberships: readonly { organizationId: Id<'org'> }[]
  dependencies: readonly string[]
}): readonly string[] {
  const { userId, sessionId, tokenId, impersonator, dependencies } = principal
  const keys: string[] = [userId, sessionId ?? tokenId, ...dependencies]
  if (impersonator !== null) keys.push(impersonator.userId, impersonator.sessionId)
  return [...keys, ...principal.memberships.map(({ organizationId }) => organizationId)]
}
