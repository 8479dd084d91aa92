import { change } from '../../kernel/row.ts'
import { defineCommand } from '../../kernel/action.ts'
import type { CommandContext } from '../../kernel/context.ts'
import { allOf, grantedEverywhere, holdsEverything, notBelow } from '../../kernel/rule.ts'
import { expectVersion } from '../../kernel/version.ts'
import {
  managingOrganization,
  changedAccountTarget,
  mayChangeAccount,
  visibleUser,
  archivedUser,
  existingUser,
  type UserRow,
} from '../../users/index.ts'
import { rememberHold, requireNoHold } from '../operator-holds.ts'
import { archiveAccount, restoreAccount } from './archive.ts'
import { contain } from './contain.ts'
import { rememberStatus } from './history.ts'
import { demote, promote } from '../../access/index.ts'
import { lifecycleSignatures } from './signatures.ts'
import { changeStatus } from './status.ts'

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

export const archiveUser = defineCommand(lifecycleSignatures.archive, {
  allow: mayChangeAccount,
  takesPrecedence: 'everywhere',
  target: changedAccountTarget,
  async handle(context, { userId, reason, version }) {
    const { em, actor } = context
    const user = await existingUser(em, userId)
    expectVersion(user, version)
    const { restorableUntil, ...taken } = await archiveAccount(context, user, { reason, permission: lifecycleSignatures.archive.name })
    context.note({ changes: { reason: reason ?? null, ...taken } })
    return { user: visibleUser(actor, user, await managingOrganization(em, user)), ...taken, restorableUntil }
  },
})

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

export const setLegalHold = defineCommand(lifecycleSignatures.setLegalHold, {
  allow: allOf(grantedEverywhere, notBelow),
  target: changedAccountTarget,
  async handle(context, { userId, legalHold, reason, version }) {
    const { em, now, actor } = context
    const user = await existingUser(em, userId)
    expectVersion(user, version)
    context.note({ changes: { legalHold: [user.legalHold, legalHold], reason: reason ?? null } })
    if (user.legalHold !== legalHold) {
      change(user, { legalHold, updatedAt: now })
      context.emit({ type: 'users.legalHoldChanged', subject: userId, organizationId: null, payload: { userId, legalHold } })
      await em.flush()
    }
    return visibleUser(actor, user, await managingOrganization(em, user))
  },
})

export const promoteUser = defineCommand(lifecycleSignatures.promote, {
  allow: allOf(grantedEverywhere, holdsEverything),
  target: changedAccountTarget,
  async handle(context, { userId, reason }) {
    const outcome = await promote(context, await existingUser(context.em, userId))
    context.note({ changes: { outcome, reason: reason ?? null } })
    return { outcome, userId }
  },
})

export const demoteUser = defineCommand(lifecycleSignatures.demote, {
  allow: allOf(grantedEverywhere, holdsEverything),
  takesPrecedence: 'everywhere',
  target: changedAccountTarget,
  async handle(context, { userId, reason }) {
    const outcome = await demote(context, await existingUser(context.em, userId))
    context.note({ changes: { outcome, reason: reason ?? null } })
    return { outcome, userId }
  },
})

/** The incident button. */
export const containUser = defineCommand(lifecycleSignatures.contain, {
  allow: mayChangeAccount,
  takesPrecedence: 'everywhere',
  target: changedAccountTarget,
  async handle(context, { userId, reason }) {
    const user = await existingUser(context.em, userId)
    const before = user.status
    const report = await contain(context, user, reason)
    const { sessionsEnded, tokensEnded, invitationsRevoked } = report
    context.note({ changes: { status: [before, 'suspended'], reason, sessionsEnded, tokensEnded, invitationsRevoked } })
    return report
  },
})
