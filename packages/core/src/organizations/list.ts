import { defineQuery } from '../kernel/action.ts'
import { isGrantedEverywhere, type Actor } from '../kernel/actor.ts'
import { uuidOf, uuidsOf } from '../kernel/id.ts'
import { cutPage, openCursor } from '../kernel/page.ts'
import { anyOf, granted, grantedEverywhere, owner, signedIn } from '../kernel/rule.ts'
import { accountTarget, existingUser } from '../users/index.ts'
import type { MembershipRole, OrganizationStatus } from './model.ts'
import {
  countMembers,
  countOrganizations,
  allOf,
  contains,
  selectMembers,
  selectMemberships,
  selectOrganizations,
  shownOrganization,
  type Condition,
} from './queries.ts'
import { existingOrganization, organizationTarget } from './repository.ts'
import { organizationsSignatures } from './signatures.ts'

export const getOrganization = defineQuery(organizationsSignatures.get, {
  allow: granted,
  target: organizationTarget,
  handle: async ({ open }, { organizationId }) => shownOrganization(await open(), organizationId),
})

/** Users list their own organizations; with the permission everywhere, all. */
export const listOrganizations = defineQuery(organizationsSignatures.list, {
  allow: signedIn,
  aboutCredential: true,
  async handle({ open, ports, actor }, { limit, cursor, total, search, status }) {
    const scope = { action: organizationsSignatures.list.name, filters: { search, status }, viewer: viewerOf(actor) }
    const position = await openCursor(ports.cipher, scope, cursor)
    const em = await open()
    const selection = allOf(
      visibleOrganizations(actor),
      ofStatus(status),
      search === undefined ? always : contains(['o.name', 'o.slug'], search),
    )
    const rows = await selectOrganizations(em, allOf(selection, before(position?.[0])), limit + 1)
    const { shown, nextCursor } = await cutPage(ports.cipher, scope, { rows, limit, positionOf: ({ id }) => [id] })
    return {
      items: [...shown],
      nextCursor,
      total: total ? await countOrganizations(em, selection) : null,
    }
  },
})

const always: Condition = { sql: 'true', parameters: [] }

function seesAllOrganizations(actor: Actor): boolean {
  return isGrantedEverywhere(actor, organizationsSignatures.list.name)
}

/** A cursor is only good for the caller that it was made for. */
function viewerOf(actor: Actor): string {
  return actor.kind === 'user' && !seesAllOrganizations(actor) ? actor.principal.userId : 'everywhere'
}

function visibleOrganizations(actor: Actor): Condition {
  if (seesAllOrganizations(actor)) return always
  const own = actor.kind === 'user' ? actor.principal.memberships.map(({ organizationId }) => organizationId) : []
  return { sql: `o.status = 'active' and o.id = any(?::uuid[])`, parameters: [uuidsOf(own)] }
}

function ofStatus(status: OrganizationStatus | undefined): Condition {
  return status === undefined ? always : { sql: 'o.status = ?', parameters: [status] }
}

function before(id: string | number | null | undefined): Condition {
  return id === undefined ? always : { sql: 'o.id < ?::uuid', parameters: [uuidOf(String(id))] }
}

export const listMembers = defineQuery(organizationsSignatures.listMembers, {
  allow: granted,
  target: organizationTarget,
  async handle({ open, ports }, { organizationId, limit, cursor, total, role, search }) {
    const scope = { action: organizationsSignatures.listMembers.name, filters: { role, search }, viewer: organizationId }
    const position = await openCursor(ports.cipher, scope, cursor)
    const em = await open()
    await existingOrganization(em, organizationId)
    const selection = allOf(withRole(role), search === undefined ? always : contains(searched, search))
    const rows = await selectMembers(em, organizationId, allOf(selection, after(position?.[0])), limit + 1)
    const { shown, nextCursor } = await cutPage(ports.cipher, scope, { rows, limit, positionOf: ({ membershipId }) => [membershipId] })
    return {
      items: shown.map(({ member }) => member),
      nextCursor,
      total: total ? await countMembers(em, organizationId, selection) : null,
    }
  },
})

/** Somebody's own, of active organizations; with the permission everywhere, anybody's. An organization's administrators learn nothing of others. */
export const listMemberships = defineQuery(organizationsSignatures.listMemberships, {
  allow: anyOf(grantedEverywhere, owner),
  target: accountTarget,
  async handle({ open, ports, actor }, { userId, limit, cursor }) {
    const seesAll = isGrantedEverywhere(actor, organizationsSignatures.listMemberships.name)
    const viewer = seesAll ? 'everywhere' : 'own'
    const scope = { action: organizationsSignatures.listMemberships.name, filters: { userId }, viewer }
    const position = await openCursor(ports.cipher, scope, cursor)
    const em = await open()
    await existingUser(em, userId)
    const selection = allOf(seesAll ? always : ofStatus('active'), after(position?.[0]))
    const rows = await selectMemberships(em, userId, selection, limit + 1)
    const { shown, nextCursor } = await cutPage(ports.cipher, scope, { rows, limit, positionOf: ({ membershipId }) => [membershipId] })
    return { items: shown.map(({ membership }) => membership), nextCursor }
  },
})

const searched = ['u.username', 'u.email', 'u.full_name', 'u.display_name']

function withRole(role: MembershipRole | undefined): Condition {
  return role === undefined ? always : { sql: 'm.role = ?', parameters: [role] }
}

function after(id: string | number | null | undefined): Condition {
  return id === undefined ? always : { sql: 'm.id > ?::uuid', parameters: [uuidOf(String(id))] }
}
