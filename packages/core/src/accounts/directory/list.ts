import { defineQuery } from '../../kernel/action.ts'
import { nextCursorOf, openCursor } from '../../kernel/page.ts'
import { seesAllFields } from '../../users/index.ts'
import type { Order } from './order.ts'
import { countUsers as countSelected, selectUsers } from './repository.ts'
import { directorySignatures, type UserSort } from './signatures.ts'
import { directoryScope, directoryTarget, overDirectory } from './target.ts'

export const listUsers = defineQuery(directorySignatures.list, {
  allow: overDirectory,
  target: directoryTarget,
  async handle({ select, cachedRows, ports, actor, now }, { limit, cursor, total, sortBy, order, ...selection }) {
    const { organizationId = null } = selection
    const sorted: Order = { by: sortBy, direction: order ?? usualDirection[sortBy] }
    const scope = directoryScope(directorySignatures.list.name, organizationId, { ...selection, ...sorted })
    const position = await openCursor(ports.cipher, scope, cursor)
    const page = await selectUsers({ select, cachedRows }, selection, { order: sorted, position, limit, total, now })
    const whole = seesAllFields(actor, organizationId)
    return {
      items: page.users.map((found) => found.visibleAs(whole)),
      nextCursor: await nextCursorOf(ports.cipher, scope, page.next),
      total: page.total,
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

export const countUsers = defineQuery(directorySignatures.count, {
  allow: overDirectory,
  target: directoryTarget,
  async handle({ select, now }, selection) {
    return { count: await countSelected(select, selection, now) }
  },
})
