import { AuditEntryRow } from '../../audit/entity.ts'
import { defineCommand } from '../../kernel/action.ts'
import { change } from '../../kernel/row.ts'
import type { CommandContext } from '../../kernel/context.ts'
import type { AnswerOf } from '../../kernel/signature.ts'
import { membershipsOf, type OrganizationId } from '../../organizations/index.ts'
import { SessionRow } from '../../sessions/entity.ts'
import { LoginAttemptRow } from '../../login-history/entity.ts'
import {
  archivedUser,
  changedAccountTarget,
  existingUser,
  managingOrganization,
  mayChangeAccount,
  visibleUser,
  type UserRow,
} from '../../users/index.ts'
import { rememberHold } from '../operator-holds.ts'
import { rememberStatus } from './remember-status.ts'
import { revokeSentInvitations } from './invitations.ts'
import { roleNames } from './repository.ts'
import { lifecycleSignatures } from './signatures.ts'
import { changeStatus } from './change-status.ts'

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

type Report = AnswerOf<typeof lifecycleSignatures.contain>
type Recent = Pick<Report, 'recentSessions' | 'recentSignIns' | 'recentActions'>

/** The most entries of each kind in the report, newest first. */
const mostRecent = 20

/** Suspends a user, ends its sessions and tokens, freezes its grants, and reports what to investigate. */
async function contain(context: CommandContext, user: UserRow, reason: string): Promise<Report> {
  if (user.status === 'archived') throw archivedUser({})
  const { em, now, actor } = context
  const managedBy = await managingOrganization(em, user)
  if (user.grantsFrozenAt === null) await rememberStatus(context, user)
  const permission = lifecycleSignatures.contain.name
  const ended = await changeStatus(context, user, 'suspended', { because: 'contained', permission })
  change(user, { statusReason: reason, grantsFrozenAt: user.grantsFrozenAt ?? now })
  rememberHold(context, user, { hold: 'grants', isHeld: true, permission })
  const invitationsRevoked = await revokeSentInvitations(context, user.id)
  context.emit({ type: 'users.contained', subject: user.id, organizationId: null, payload: { userId: user.id } })
  await em.flush()
  const within = actor.kind === 'user' && !actor.principal.grants.allowsEverywhere('users.contain') ? managedBy : null
  const memberships = await membershipsOf(em, user.id)
  return {
    user: visibleUser(actor, user, managedBy),
    ...ended,
    rolesFrozen: await roleNames(em, user.id, within, now),
    organizations: memberships.filter(({ organization }) => within === null || organization.id === within),
    invitationsRevoked,
    ...(await recentOf(context, user, within)),
  }
}

/** The user's recent activity; for an organization, without what it did in others. */
async function recentOf({ em }: CommandContext, { id: userId }: UserRow, within: OrganizationId | null): Promise<Recent> {
  const newest = { orderBy: { id: 'desc' }, limit: mostRecent } as const
  const sessions = await em.find(SessionRow, { userId }, newest)
  const attempts = await em.find(LoginAttemptRow, { userId }, newest)
  const here = within === null ? {} : { $or: [{ organizationId: within }, { organizationId: null }] }
  const entries = await em.find(AuditEntryRow, { actorId: userId, ...here }, newest)
  return {
    recentSessions: sessions.map(({ ip, userAgent, createdAt, endedAt }) => ({ ip, userAgent, createdAt, endedAt })),
    recentSignIns: attempts.map(({ outcome, ip, userAgent, at }) => ({ outcome, ip, userAgent, at })),
    recentActions: entries.map(({ action, outcome, targetId, ip, at }) => ({ action, outcome, targetId, ip, at })),
  }
}
