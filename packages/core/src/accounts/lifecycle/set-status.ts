import { defineCommand } from '../../kernel/action.ts'
import type { CommandContext } from '../../kernel/context.ts'
import { change } from '../../kernel/row.ts'
import { expectVersion } from '../../kernel/version.ts'
import {
  archivedUser,
  changedAccountTarget,
  existingUser,
  managingOrganization,
  mayChangeAccount,
  visibleUser,
  type UserRow,
} from '../../users/index.ts'
import { rememberHold, requireNoHold } from '../operator-holds.ts'
import { rememberStatus } from './remember-status.ts'
import { lifecycleSignatures } from './signatures.ts'
import { changeStatus } from './change-status.ts'

export const setUserStatus = defineCommand(lifecycleSignatures.setStatus, {
  allow: mayChangeAccount,
  takesPrecedence: 'everywhere',
  target: changedAccountTarget,
  async handle(context, { userId, status, reason, releaseGrants, version }) {
    const { em, actor } = context
    const user = await existingUser(em, userId)
    expectVersion(user, version)
    if (user.status === 'archived') throw archivedUser({})
    const before = user.status
    const grantsReleased = releaseGrants && user.grantsFrozenAt !== null
    if (grantsReleased) await releaseFrozenGrants(context, user)
    const ended = await changeStatus(context, user, status, { because: 'userStatus', permission: lifecycleSignatures.setStatus.name })
    user.statusReason = reason ?? null
    context.note({ changes: { status: [before, status], reason: reason ?? null, ...ended, ...(grantsReleased && { grantsReleased }) } })
    await em.flush()
    return { user: visibleUser(actor, user, await managingOrganization(em, user)), ...ended }
  },
})

async function releaseFrozenGrants(context: CommandContext, user: UserRow): Promise<void> {
  const permission = lifecycleSignatures.setStatus.name
  requireNoHold(context, user, 'grants', permission)
  await rememberStatus(context, user)
  change(user, { grantsFrozenAt: null })
  rememberHold(context, user, { hold: 'grants', isHeld: false, permission })
  context.invalidate(user.id, { when: 'soon' })
}
