import { defineQuery } from '../../kernel/action.ts'
import type { Actor } from '../../kernel/actor.ts'
import { openCursor, nextCursorOf } from '../../kernel/page.ts'
import { anyOf, granted, owner } from '../../kernel/rule.ts'
import { optionalOrganizationTarget, type OrganizationId } from '../../organizations/index.ts'
import { type UserId, accountTarget, visibleUser } from '../../users/index.ts'
import { selectUsers } from '../directory/repository.ts'
import { directorySignatures } from '../directory/signatures.ts'
import { directoryTarget, mayReadDirectory } from '../directory/target.ts'
import { statisticsOf } from './statistics.ts'
import { historyOf, presenceOf } from './repository.ts'
import { censusOfAll, censusOfManaged } from './census.ts'

export const userStats = defineQuery(directorySignatures.stats, {
  oneSnapshot: true,
  allow: granted,
  target: optionalOrganizationTarget,
  async handle({ open, now }, { organizationId }) {
    const em = await open()
    if (organizationId === undefined) return statisticsOf(await censusOfAll(em, now), ['superadmin'])
    const { roles, ...census } = await censusOfManaged(em, organizationId, now)
    return statisticsOf({ ...census, roles: { owner: 0, admin: 0, member: 0, ...roles } }, ['owner', 'admin'])
  },
})

export const userActivity = defineQuery(directorySignatures.activity, {
  oneSnapshot: true,
  allow: anyOf(granted, owner),
  target: accountTarget,
  async handle({ open, now, actor }, { userId }) {
    const em = await open()
    const known = organizationsKnownTo(actor, userId)
    const presence = (await presenceOf(em, [userId], now)).get(userId) ?? nowhere
    return { userId, ...presence, ...(await historyOf(em, userId, known, now)) }
  },
})

export const listUsersWithSessions = defineQuery(directorySignatures.listWithSessions, {
  allow: mayReadDirectory,
  target: directoryTarget,
  async handle({ open, select, ports, actor, now }, { limit, cursor, ...selection }) {
    const { organizationId = null } = selection
    const scope = { action: directorySignatures.listWithSessions.name, filters: selection, viewer: organizationId ?? 'everywhere' }
    const position = await openCursor(ports.cipher, scope, cursor)
    const em = await open()
    const order = { by: 'createdAt', direction: 'desc' } as const
    const { users: found, next } = await selectUsers({ select, cachedRows: null }, selection, { order, position, limit, total: false, now })
    const users = found.map(({ user }) => user)
    const ids = users.map(({ id }) => id)
    const presences = await presenceOf(em, ids, now)
    return {
      items: users.map((user) => ({ user: visibleUser(actor, user, organizationId), ...(presences.get(user.id) ?? nowhere) })),
      nextCursor: await nextCursorOf(ports.cipher, scope, next),
    }
  },
})

/** The organizations that the caller may know the user belongs to: a managing organization must not learn of others. null: all of them. */
function organizationsKnownTo(actor: Actor, userId: UserId): readonly OrganizationId[] | null {
  if (actor.kind !== 'user') return null
  const { userId: self, grants, memberships } = actor.principal
  if (self === userId || grants.allowsEverywhere(directorySignatures.activity.name)) return null
  return memberships.map(({ organizationId }) => organizationId)
}

const nowhere = { lastSeenAt: null, activeSessions: 0 }
