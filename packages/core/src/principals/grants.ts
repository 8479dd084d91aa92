import {
  areBeyondUser,
  effectiveAssignments,
  appliesFrom,
  dependenciesOf,
  parseAssignments,
  grantsOf,
  resolveAssignments,
  grantOf,
  defaultActiveRoles,
  countingIn,
  organizationRoles,
  type ActiveRoles,
  type GrantLimits,
  type LoadedAssignment,
  type ResolvedAssignment,
} from '../grants/index.ts'
import type { Catalogue } from '../kernel/signature.ts'
import type { Principal } from '../kernel/actor.ts'
import type { Grant, ConditionalGrants, Grants } from '../kernel/grants.ts'
import type { RoleDefinition } from '../kernel/decisions.ts'
import { idOf, idOrNull } from '../kernel/id.ts'
import type { MembershipRole } from '../organizations/model.ts'

interface MembershipRecord {
  readonly id: string
  readonly slug: string
  readonly role: MembershipRole
}

/** SQL of a lateral join: the memberships of a user in active organizations, as JSON in `m.memberships`. */
export function joinMemberships(user: string): string {
  return `left join lateral (
      select json_agg(json_build_object('id', o.id, 'slug', o.slug, 'role', m.role) order by m.id) as memberships
        from memberships m join organizations o on o.id = m.organization_id and o.status = 'active' where m.user_id = ${user}) m on true`
}

/** The columns of a principal's row that determine its grants, as JSON from the database. */
export interface GrantRecord {
  readonly assurance: Principal['assurance'] | null
  readonly frozen: boolean
  readonly scopes: string | null
  /** The organization that the token or the impersonation is limited to. */
  readonly only_organization: string | null
  readonly memberships: string | null
  readonly assignments: string | null
  readonly activated: string | null
  readonly dropped: string | null
}

/** The grants of a principal, and until when they hold. */
interface Granted extends Pick<Principal, 'roles' | 'conditionalGrants' | 'activeRoles' | 'dependencies'> {
  readonly grants: Grants
  readonly limits: GrantLimits
  /** Holds more than the role `user` everywhere, on whatever condition. */
  readonly isPrivileged: boolean
  readonly memberships: readonly MembershipRecord[]
  /** When assignments begin or end, in milliseconds since the epoch. */
  readonly edges: readonly number[]
}

/** The grants of a principal's row before its custom roles are known. */
export interface ReadGrants {
  readonly memberships: readonly MembershipRecord[]
  readonly given: readonly LoadedAssignment[]
}

/** Reads the memberships and assignments that count at all. */
export function readGrants({ memberships, assignments, frozen, only_organization: only }: GrantRecord): ReadGrants {
  if (frozen) return nothing
  const all = memberships === null ? nothing.memberships : (JSON.parse(memberships) as MembershipRecord[])
  const counting = countingIn(only, all, parseAssignments(assignments))
  return { memberships: counting.memberships, given: counting.assignments }
}

const nothing: ReadGrants = { memberships: [], given: [] }

/** Works out what whoever shows a credential may do now. */
export function principalGrants(
  record: GrantRecord,
  { memberships, given }: ReadGrants,
  definitions: ReadonlyMap<string, RoleDefinition>,
  catalogue: Catalogue,
  now: Date,
): Granted {
  const assignments = resolveAssignments(given, definitions)
  const activeRoles = activeRolesIn(record)
  const used = effectiveAssignments(assignments, { at: now.getTime(), assurance: record.assurance, activeRoles })
  const unconditional = used.filter(({ condition }) => condition?.networks === undefined)
  const limits = limitsOf(record)
  const members = memberships.map(holdingOfMember)
  return {
    roles: unconditional.flatMap(({ scope, name }) => (scope === 'system' && name !== null ? [name] : [])),
    grants: grantsOf(catalogue, [...unconditional.map(grantOf), ...members], limits),
    conditionalGrants: used.length === unconditional.length ? null : conditionalGrants(catalogue, used, members, limits),
    activeRoles,
    dependencies: dependenciesOf(assignments),
    limits,
    isPrivileged: areBeyondUser(assignments),
    memberships,
    edges: assignments.map(({ from, until }) => (from > now.getTime() ? from : (until ?? Infinity))),
  }
}

/** The grants of calls from one address or another, where some count from some networks only. */
function conditionalGrants(
  catalogue: Catalogue,
  used: readonly ResolvedAssignment[],
  members: readonly Grant[],
  limits: GrantLimits,
): ConditionalGrants {
  return {
    from: (origin) => {
      const here = used.filter((assignment) => appliesFrom(assignment, origin))
      return grantsOf(catalogue, [...here.map(grantOf), ...members], limits)
    },
  }
}

function limitsOf({ only_organization: only, scopes }: GrantRecord): GrantLimits {
  return { organizationId: idOrNull('org', only), patterns: scopes === null ? null : (JSON.parse(scopes) as string[]) }
}

function activeRolesIn({ activated, dropped }: GrantRecord): ActiveRoles {
  return (activated ?? '[]') === '[]' && (dropped ?? '[]') === '[]'
    ? defaultActiveRoles
    : { activated: uuidsIn(activated), deactivated: uuidsIn(dropped) }
}

function uuidsIn(json: string | null): readonly string[] {
  return json === null || json === '[]' ? anywhere : (JSON.parse(json) as string[])
}

const anywhere: readonly string[] = []

function holdingOfMember({ id, role }: MembershipRecord) {
  return { organizationId: idOf('org', id), permissions: organizationRoles[role].permissions }
}
