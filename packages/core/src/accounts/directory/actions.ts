import { defineQuery } from '../../kernel/action.ts'
import { openCursor, nextCursorOf, type CursorScope } from '../../kernel/page.ts'
import { shownTo } from '../target.ts'
import type { Order } from './order.ts'
import { countUsers as countSelected, selectUsers } from './repository.ts'
import { countUsersBy, searchUsersBy } from './search.ts'
import { countUsersSignature, listUsersSignature, searchUsersSignature, type UserSort } from './signatures.ts'
import { directoryTarget, overDirectory } from './target.ts'

export const listUsers = defineQuery(listUsersSignature, {
  allow: overDirectory,
  target: directoryTarget,
  async handle({ open, ports, actor, now }, { limit, cursor, total, sortBy, order, ...selection }) {
    const { organizationId = null } = selection
    const sorted: Order = { by: sortBy, direction: order ?? usualDirection[sortBy] }
    const scope = scopeOf(listUsersSignature.name, organizationId, { ...selection, ...sorted })
    const position = await openCursor(ports.cipher, scope, cursor)
    const em = await open()
    const { users, next } = await selectUsers(em, selection, { order: sorted, position, limit, now })
    return {
      items: users.map((user) => shownTo(actor, user, organizationId)),
      nextCursor: await nextCursorOf(ports.cipher, scope, next),
      total: total ? await countSelected(em, selection, now) : null,
    }
  },
})

const usualDirection: Readonly<Record<UserSort, Order['direction']>> = {
  createdAt: 'desc',
  updatedAt: 'desc',
  lastSeenAt: 'desc',
  username: 'asc',
  email: 'asc',
}

export const searchUsers = defineQuery(searchUsersSignature, {
  allow: overDirectory,
  target: directoryTarget,
  async handle({ open, ports, actor, now }, { limit, cursor, total, query, ...selection }) {
    const { organizationId = null } = selection
    const scope = scopeOf(searchUsersSignature.name, organizationId, { ...selection, query })
    const position = await openCursor(ports.cipher, scope, cursor)
    const em = await open()
    const { found, next } = await searchUsersBy(em, query, selection, { position, limit, now })
    return {
      items: found.map(({ user, match }) => ({ ...shownTo(actor, user, organizationId), match })),
      nextCursor: await nextCursorOf(ports.cipher, scope, next),
      total: total ? await countUsersBy(em, query, selection, now) : null,
    }
  },
})

export const countUsers = defineQuery(countUsersSignature, {
  allow: overDirectory,
  target: directoryTarget,
  async handle({ open, now }, selection) {
    return { count: await countSelected(await open(), selection, now) }
  },
})

/** Cursors do not travel from one organization to another, nor between filters and orders. */
function scopeOf(action: string, organizationId: string | null, filters: unknown): CursorScope {
  return { action, filters, viewer: organizationId ?? 'everywhere' }
}
