import {
  dependenciesOf,
  grantsOf,
  holdingOf,
  inUse,
  nothingChosen,
  organizationRoles,
  type ChosenRoles,
  type GrantLimits,
  type HeldAssignment,
} from '../access/index.ts'
import type { Catalogue } from '../kernel/signature.ts'
import type { Principal } from '../kernel/context.ts'
import type { ConditionalGrants, Grants } from '../kernel/grants.ts'
import { idOf } from '../kernel/id.ts'
import type { Holding } from '../kernel/rule.ts'
import type { MembershipRole } from '../organizations/model.ts'
import { mayActFrom } from '../users/index.ts'

interface MembershipRecord {
  readonly id: string
  readonly slug: string
  readonly role: MembershipRole
}

/** What of a principal's row says what it may do: JSON as the database wrote it. */
export interface GrantRecord {
  readonly assurance: Principal['assurance'] | null
  readonly frozen: boolean
  readonly scopes: string | null
  readonly token_organization: string | null
  readonly memberships: string | null
  readonly assignments: string | null
  readonly activated: string | null
  readonly dropped: string | null
}

/** What a principal may do, and until when that is so. */
interface Granted extends Pick<Principal, 'roles' | 'elsewhere' | 'chosen' | 'dependencies'> {
  readonly grants: Grants
  readonly limits: GrantLimits
  readonly memberships: readonly MembershipRecord[]
  /** When assignments begin or end, in milliseconds since the epoch. */
  readonly edges: readonly number[]
}

/** Works out what whoever shows a credential may do now. */
export function grantedBy(record: GrantRecord, catalogue: Catalogue, now: Date): Granted {
  const memberships = membershipsOf(record)
  const assignments = assignmentsIn(record, memberships)
  const chosen = chosenIn(record)
  const counts = ({ from, condition }: HeldAssignment) =>
    from <= now.getTime() && (condition?.assurance === undefined || condition.assurance === record.assurance)
  const used = inUse(
    assignments.filter((assignment) => counts(assignment)),
    chosen,
  )
  const unconditional = used.filter(({ condition }) => condition?.networks === undefined)
  const limits = limitsOf(record)
  const members = memberships.map(holdingOfMember)
  return {
    roles: unconditional.flatMap(({ scope, name }) => (scope === 'system' && name !== null ? [name] : [])),
    grants: grantsOf(catalogue, [...unconditional.map(holdingOf), ...members], limits),
    elsewhere: used.length === unconditional.length ? null : conditionalGrants(catalogue, used, members, limits),
    chosen,
    dependencies: dependenciesOf(assignments),
    limits,
    memberships,
    edges: assignments.map(({ from, until }) => (from > now.getTime() ? from : (until ?? Infinity))),
  }
}

/** What was given in an organization goes with the membership, and with the organization. */
function assignmentsIn({ assignments, frozen }: GrantRecord, memberships: readonly MembershipRecord[]): readonly HeldAssignment[] {
  if (assignments === null || frozen) return []
  const isMember = (organization: string | null) => organization === null || memberships.some(({ id }) => id === organization)
  return (JSON.parse(assignments) as HeldAssignment[]).filter(({ organization }) => isMember(organization))
}

/** The grants of calls from one address or another, where some count from some networks only. */
function conditionalGrants(
  catalogue: Catalogue,
  used: readonly HeldAssignment[],
  members: readonly Holding[],
  limits: GrantLimits,
): ConditionalGrants {
  return {
    from: (origin) => {
      const here = used.filter(({ condition }) => condition?.networks === undefined || mayActFrom(condition.networks, origin))
      return grantsOf(catalogue, [...here.map(holdingOf), ...members], limits)
    },
  }
}

/** Of a token that acts in one organization only that one counts. */
function membershipsOf({ memberships, frozen, token_organization: only }: GrantRecord): readonly MembershipRecord[] {
  if (memberships === null || frozen) return []
  return (JSON.parse(memberships) as MembershipRecord[]).filter(({ id }) => only === null || id === only)
}

function limitsOf({ token_organization: only, scopes }: GrantRecord): GrantLimits {
  return { organizationId: only === null ? null : idOf('org', only), patterns: scopes === null ? null : (JSON.parse(scopes) as string[]) }
}

function chosenIn({ activated, dropped }: GrantRecord): ChosenRoles {
  return (activated ?? '[]') === '[]' && (dropped ?? '[]') === '[]'
    ? nothingChosen
    : { activated: uuidsIn(activated), dropped: uuidsIn(dropped) }
}

function uuidsIn(json: string | null): readonly string[] {
  return json === null || json === '[]' ? anywhere : (JSON.parse(json) as string[])
}

const anywhere: readonly string[] = []

function holdingOfMember({ id, role }: MembershipRecord) {
  return { organizationId: idOf('org', id), permissions: organizationRoles[role].permissions }
}
