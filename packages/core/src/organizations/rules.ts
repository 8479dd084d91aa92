import { organizationRoles } from '../grants/index.ts'
import type { Actor } from '../kernel/actor.ts'
import type { Domain, MembershipRole, OrganizationId } from './model.ts'

const ranks: Readonly<Record<MembershipRole, number>> = { member: 0, admin: 1, owner: 2 }

/** Whether one role is at least another. */
export function isAtLeast(role: MembershipRole, other: MembershipRole): boolean {
  return ranks[role] >= ranks[other]
}

/** Whether somebody runs the whole installation, as far as its organizations go. */
export function administers(actor: Actor): boolean {
  return actor.kind === 'system' || (actor.kind === 'user' && actor.principal.grants.allowsEverywhere('organizations.update'))
}

/** Whether somebody may do all that a role allows in an organization: nobody gives more than that. */
export function mayAssignRole(actor: Actor, organizationId: OrganizationId, role: MembershipRole): boolean {
  if (actor.kind !== 'user') return actor.kind === 'system'
  return organizationRoles[role].permissions.every((permission) => actor.principal.grants.covers(permission, organizationId))
}

/** The most letters of a slug (model.ts). */
const longestSlug = 63

/** A slug made from a name, and another for when somebody has that already; in a script without Latin letters it says nothing of the name. */
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

/** What has to stand in DNS for a domain to be an organization's own. */
export function recordOf(domain: string, challenge: string): Domain['record'] {
  return { type: 'TXT', name: `_denizen.${domain}`, value: `denizen-verification=${challenge}` }
}
