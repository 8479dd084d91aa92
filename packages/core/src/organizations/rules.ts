import { organizationRoles } from '../grants/index.ts'
import { isGrantedEverywhere, type Actor } from '../kernel/actor.ts'
import type { Domain, MembershipRole, OrganizationId } from './model.ts'

const ranks: Readonly<Record<MembershipRole, number>> = { member: 0, admin: 1, owner: 2 }

/** Whether a role is at least as high as another. */
export function isAtLeast(role: MembershipRole, other: MembershipRole): boolean {
  return ranks[role] >= ranks[other]
}

/** Whether the actor administers all organizations of the installation. */
export function administers(actor: Actor): boolean {
  return isGrantedEverywhere(actor, 'organizations.update')
}

/** Whether the actor has all permissions of a role in an organization: nobody can assign more than they have. */
export function mayAssignRole(actor: Actor, organizationId: OrganizationId, role: MembershipRole): boolean {
  if (actor.kind !== 'user') return actor.kind === 'system'
  return organizationRoles[role].permissions.every((permission) => actor.principal.grants.covers(permission, organizationId))
}

/** The longest slug (model.ts). */
const longestSlug = 63

/** A slug made from a name, and an alternative if it is taken; a name without Latin letters gives a generic slug. */
export function slugsFrom(name: string, id: OrganizationId): readonly [wanted: string, other: string] {
  const latin = name
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, ' ')
    .trim()
    .replaceAll(' ', '-')
  const wanted = latin === '' ? 'organization' : latin.slice(0, longestSlug).replace(/-$/, '')
  const ending = `-${id.slice(-8)}`
  return [wanted, `${wanted.slice(0, longestSlug - ending.length)}${ending}`]
}

/** The DNS record that verifies a domain. */
export function recordOf(domain: string, challenge: string): Domain['record'] {
  return { type: 'TXT', name: `_denizen.${domain}`, value: `denizen-verification=${challenge}` }
}
