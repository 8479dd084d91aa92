import { defineQuery } from '../../kernel/action.ts'
import { openCursor, nextCursorOf, type CursorScope } from '../../kernel/page.ts'
import { seesAllFields } from '../../users/index.ts'
import type { Order } from './order.ts'
import { countUsers as countSelected, selectUsers } from './repository.ts'
import { countUsersBy, searchUsersBy } from './search.ts'
import { type UserSort, directorySignatures } from './signatures.ts'
import { directoryTarget, mayReadDirectory } from './target.ts'

export const listUsers = defineQuery(directorySignatures.list, {
  allow: mayReadDirectory,
  target: directoryTarget,
  async handle({ select, cachedRows, ports, actor, now }, { limit, cursor, total, sortBy, order, ...selection }) {
    const { organizationId = null } = selection
    const sorted: Order = { by: sortBy, direction: order ?? defaultDirection[sortBy] }
    const scope = scopeOf(directorySignatures.list.name, organizationId, { ...selection, ...sorted })
    const position = await openCursor(ports.cipher, scope, cursor)
    const page = await selectUsers({ select, cachedRows }, selection, { order: sorted, position, limit, total, now })
    const allFields = seesAllFields(actor, organizationId)
    return {
      items: page.users.map((found) => found.visibleAs(allFields)),
      nextCursor: await nextCursorOf(ports.cipher, scope, page.next),
      total: page.total,
    }
  },
})

const defaultDirection: Readonly<Record<UserSort, Order['direction']>> = {
  createdAt: 'desc',
  updatedAt: 'desc',
  lastSeenAt: 'desc',
  username: 'asc',
  email: 'asc',
}

export const searchUsers = defineQuery(directorySignatures.search, {
  allow: mayReadDirectory,
  target: directoryTarget,
  async handle({ open, select, cachedRows, ports, actor, now }, { limit, cursor, total, query, ...selection }) {
    const { organizationId = null } = selection
    const scope = scopeOf(directorySignatures.search.name, organizationId, { ...selection, query })
    const position = await openCursor(ports.cipher, scope, cursor)
    const { hits, next } = await searchUsersBy({ open, select, cachedRows }, query, selection, { position, limit, now })
    const allFields = seesAllFields(actor, organizationId)
    return {
      items: hits.map(({ found, match }) => found.visibleMatch(allFields, match)),
      nextCursor: await nextCursorOf(ports.cipher, scope, next),
      total: total ? await countUsersBy(select, query, selection, now) : null,
    }
  },
})

export const countUsers = defineQuery(directorySignatures.count, {
  allow: mayReadDirectory,
  target: directoryTarget,
  async handle({ select, now }, selection) {
    return { count: await countSelected(select, selection, now) }
  },
})

/** A cursor is only good for the organization, filter and order that it was made for. */
function scopeOf(action: string, organizationId: string | null, filters: unknown): CursorScope {
  return { action, filters, viewer: organizationId ?? 'everywhere' }
}
