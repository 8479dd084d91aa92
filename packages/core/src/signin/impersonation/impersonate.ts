import { defineCommand } from '../../kernel/action.ts'
import type { Principal } from '../../kernel/actor.ts'
import type { CommandContext } from '../../kernel/context.ts'
import { addressNotAllowed, denied, notFound, ownSessionRequired } from '../../kernel/errors.ts'
import { uuidOf, type Id } from '../../kernel/id.ts'
import { exclusiveLockNames, takeLock } from '../../kernel/locks.ts'
import { SessionRow } from '../../sessions/entity.ts'
import { controlledAccountTarget, existingUser, isActing, managingOrganization, type UserRow, mayChangeAccount } from '../../users/index.ts'
import { mayActFrom } from '../../kernel/network.ts'
import { reviewImpersonations } from '../../principals/index.ts'
import { createSession } from '../create-session.ts'
import type { SignedIn } from '../model.ts'
import { cannotImpersonate, tooManyImpersonations } from './errors.ts'
import { impersonationSignatures } from './signatures.ts'

/**
 * Creates a session as another user, beside one's own. It requires recent authentication, which nobody
 * who impersonates can have: so impersonation cannot be chained, and
 * such a session cannot change credentials. Begun by a permission held in one organization, it is limited to that.
 */
export const impersonate = defineCommand(impersonationSignatures.impersonate, {
  allow: mayChangeAccount,
  target: controlledAccountTarget,
  requiresRecentAuth: true,
  handlesSecret: true,
  async handle(context, { userId, reason, minutes }) {
    const { actor, em, now } = context
    if (actor.kind !== 'user') throw ownSessionRequired({})
    const { userId: by, sessionId: from } = actor.principal
    if (from === null) throw ownSessionRequired({})
    const own = await em.findOneOrFail(SessionRow, { id: from })
    const user = await existingUser(em, userId)
    const onlyIn = await limitOf(context, actor.principal, user)
    requireImpersonable(context, user, by)
    const created = await createSession(context, user, {
      method: 'impersonation',
      authMethods: [],
      assurance: actor.principal.assurance,
      identifier: user.username,
      impersonation: { by, from, onlyIn, reason, expiresAt: new Date(Math.min(now.getTime() + minutes * 60_000, own.expiresAt.getTime())) },
    })
    const opened = await shortened(context, created)
    context.note({ changes: { reason, minutes, sessionId: opened.session.id } })
    const payload = { userId, impersonatorId: by, sessionId: opened.session.id, reason, expiresAt: opened.session.expiresAt.toISOString() }
    context.emit({ type: 'auth.impersonationStarted', subject: userId, organizationId: null, payload })
    return opened
  },
})

/**
 * Assignments that end soon end it with them: whoever gets them again begins again. Something that it stands on may be taken at this
 * moment, from a role or a team; then whoever takes it sees it, or it ends here.
 */
async function shortened(context: CommandContext, opened: SignedIn): Promise<SignedIn> {
  const { em, catalogue, now } = context
  await takeLock(em, exclusiveLockNames.impersonations)
  await enforceLimit(context, opened)
  const over = await reviewImpersonations(em, catalogue, [opened.user.id], now)
  if (over.includes(opened.session.id)) throw denied({ permission: impersonationSignatures.impersonate.name })
  const { expiresAt } = await em.findOneOrFail(SessionRow, { id: opened.session.id }, { refresh: true })
  const earlier = expiresAt < opened.accessTokenExpiresAt ? expiresAt : opened.accessTokenExpiresAt
  return { ...opened, session: { ...opened.session, expiresAt }, accessTokenExpiresAt: earlier }
}

/**
 * However many are begun at once: those before are seen, under the lock. Whoever stole an administrator's session is not to hold a session of every
 * user, and each that runs is looked at by whatever takes something away.
 */
async function enforceLimit({ em, now, settings: { maxImpersonations: most } }: CommandContext, opened: SignedIn): Promise<void> {
  const [running] = await em.execute<{ count: number }[]>(
    `select count(*)::int as count from sessions
      where impersonator_id = (select impersonator_id from sessions where id = ?) and ended_at is null and expires_at > ?`,
    [uuidOf(opened.session.id), now],
  )
  if ((running?.count ?? 0) > most) throw tooManyImpersonations({ most })
}

/** The organization whose permission it is begun by; null: the permission is held everywhere. */
async function limitOf({ em }: CommandContext, { grants }: Principal, user: UserRow): Promise<Id<'org'> | null> {
  if (grants.allowsEverywhere(impersonationSignatures.impersonate.name)) return null
  const managing = await managingOrganization(em, user)
  if (managing === null) throw notFound({ type: controlledAccountTarget.type }) // it was managed when the rule let this through
  return managing
}

function requireImpersonable({ origin }: CommandContext, user: UserRow, by: UserRow['id']): void {
  if (user.id === by) throw cannotImpersonate({ because: 'that is yourself' })
  if (!isActing(user.status)) throw cannotImpersonate({ because: `it is ${user.status}` })
  // The user's allowed addresses apply to the impersonator too.
  if (!mayActFrom(user.allowedIps, origin)) throw addressNotAllowed({})
}
