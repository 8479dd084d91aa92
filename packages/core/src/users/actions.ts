import { defineCommand, defineQuery } from '../kernel/action.ts'
import { expectVersion } from '../kernel/version.ts'
import { openCursor, sealCursor } from '../kernel/page.ts'
import { anyOf, granted, owner } from '../kernel/rule.ts'
import type { UserId } from './model.ts'
import { changedUserTarget, countUsers, existingUser, findByIdentifier, newestUsers, userTarget } from './repository.ts'
import { findUserSignature, getUserSignature, listUsersSignature, updateUserSignature } from './signatures.ts'

export const getUser = defineQuery(getUserSignature, {
  allow: anyOf(granted, owner),
  target: userTarget,
  handle: async ({ open }, { userId }) => existingUser(await open(), userId),
})

export const findUser = defineQuery(findUserSignature, {
  allow: granted,
  handle: async ({ open }, { identifier }) => findByIdentifier(await open(), identifier),
})

export const listUsers = defineQuery(listUsersSignature, {
  allow: granted,
  async handle({ open, ports }, { limit, cursor, total, ...filters }) {
    const scope = { action: listUsersSignature.name, filters, viewer: 'everywhere' }
    const position = await openCursor(ports.cipher, scope, cursor)
    const after = position === null ? null : { createdAt: new Date(Number(position[0])), id: String(position[1]) as UserId }
    const em = await open()
    const rows = await newestUsers(em, filters, after, limit)
    const items = rows.slice(0, limit)
    const last = items.at(-1)
    return {
      items,
      nextCursor:
        rows.length > limit && last !== undefined ? await sealCursor(ports.cipher, scope, [last.createdAt.getTime(), last.id]) : null,
      total: total ? await countUsers(em, filters) : null,
    }
  },
})

export const updateUser = defineCommand(updateUserSignature, {
  allow: granted,
  target: changedUserTarget,
  async handle(context, { userId, version, ...patch }) {
    const user = await existingUser(context.em, userId)
    expectVersion(user, version)
    const changed = Object.entries(patch).filter(([, value]) => value !== undefined)
    if (patch.email !== undefined && patch.email !== user.email) user.emailVerified = false
    Object.assign(user, Object.fromEntries(changed), { updatedAt: context.now })
    const fields = changed.map(([field]) => field)
    context.note({ changes: { fields } })
    context.emit({ type: 'users.updated', subject: user.id, organizationId: null, payload: { userId: user.id, fields } })
    if (fields.some((field) => field === 'username' || field === 'email' || field === 'displayName')) context.refresh(userId)
    await context.em.flush()
    return user
  },
})
