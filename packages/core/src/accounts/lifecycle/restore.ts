import { defineCommand } from '../../kernel/action.ts'
import type { CommandContext } from '../../kernel/context.ts'
import { change } from '../../kernel/row.ts'
import { expectVersion } from '../../kernel/version.ts'
import {
  changedAccountTarget,
  existingUser,
  managingOrganization,
  mayChangeAccount,
  notArchived,
  restoreWindowOver,
  visibleUser,
  type UserRow,
} from '../../users/index.ts'
import { restorableUntil } from './archive.ts'
import { lifecycleSignatures } from './signatures.ts'
import { changeStatus } from './change-status.ts'

export const restoreUser = defineCommand(lifecycleSignatures.restore, {
  allow: mayChangeAccount,
  target: changedAccountTarget,
  async handle(context, { userId, version }) {
    const { em, actor } = context
    const user = await existingUser(em, userId)
    expectVersion(user, version)
    await restoreAccount(context, user)
    context.note({ changes: { status: ['archived', user.status] } })
    return visibleUser(actor, user, await managingOrganization(em, user))
  },
})

/** Restores an archived user with its former status; what was revoked stays revoked. */
async function restoreAccount(context: CommandContext, user: UserRow): Promise<void> {
  const { archivedAt } = user
  if (user.status !== 'archived' || archivedAt === null) throw notArchived({})
  const until = restorableUntil(context, archivedAt)
  if (context.now > until) throw restoreWindowOver({ restorableUntil: until })
  await changeStatus(context, user, user.archivedStatus ?? 'inactive', {
    because: 'userStatus',
    permission: lifecycleSignatures.restore.name,
  })
  change(user, { archivedAt: null, archivedBy: null, archiveReason: null, archivedStatus: null })
  context.emit({ type: 'users.restored', subject: user.id, organizationId: null, payload: { userId: user.id } })
  await context.em.flush()
}
