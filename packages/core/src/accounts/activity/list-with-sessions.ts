import { defineQuery } from '../../kernel/action.ts'
import { nextCursorOf, openCursor } from '../../kernel/page.ts'
import { visibleUser } from '../../users/index.ts'
import { selectUsers } from '../directory/repository.ts'
import { directorySignatures } from '../directory/signatures.ts'
import { directoryScope, directoryTarget, overDirectory } from '../directory/target.ts'
import { absent, presenceOf } from './repository.ts'

export const listUsersWithSessions = defineQuery(directorySignatures.listWithSessions, {
  allow: overDirectory,
  target: directoryTarget,
  async handle({ open, select, ports, actor, now }, { limit, cursor, ...selection }) {
    const { organizationId = null } = selection
    const scope = directoryScope(directorySignatures.listWithSessions.name, organizationId, selection)
    const position = await openCursor(ports.cipher, scope, cursor)
    const em = await open()
    const order = { by: 'createdAt', direction: 'desc' } as const
    const { users: found, next } = await selectUsers({ select, cachedRows: null }, selection, { order, position, limit, total: false, now })
    const users = found.map(({ user }) => user)
    const ids = users.map(({ id }) => id)
    const presences = await presenceOf(em, ids, now)
    return {
      items: users.map((user) => ({ user: visibleUser(actor, user, organizationId), ...(presences.get(user.id) ?? absent) })),
      nextCursor: await nextCursorOf(ports.cipher, scope, next),
    }
  },
})
