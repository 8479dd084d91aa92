import { defineCommand, defineQuery } from '../kernel/action.ts'
import type { CommandContext } from '../kernel/context.ts'
import { unauthenticated } from '../kernel/errors.ts'
import { granted, signedIn } from '../kernel/rule.ts'
import { expectVersion } from '../kernel/version.ts'
import { membershipsOf } from '../organizations/index.ts'
import { hashPassword } from '../passwords/index.ts'
import { endSessions } from '../sessions/index.ts'
import { activeSuperadmins, lockSuperadmins } from '../access/index.ts'
import {
  changedUserTarget,
  emailTaken,
  existingUser,
  isActing,
  lastSuperadmin,
  username,
  usernameTaken,
  type User,
  type UserRow,
} from '../users/index.ts'
import { insertUser } from './account.ts'
import { createUserSignature, currentUserSignature, setUserStatusSignature } from './signatures.ts'

export const createUser = defineCommand(createUserSignature, {
  allow: granted,
  prepare: async ({ ports }, { password }) => (password === undefined ? null : hashPassword(ports.hasher, password)),
  async handle(context, { email, username, emailVerified, kind, password: _, ifAbsent, ...profile }, passwordHash) {
    const account = {
      username: username ?? usernameFor(email ?? ''),
      usernameIsOurs: username === undefined,
      email: email ?? null,
      emailVerified,
      status: 'active' as const,
      kind,
      passwordHash,
      needPasswordChange: false,
      profile,
    }
    if (!ifAbsent) return noted(context, await insertUser(context, account))
    const result = await context.attempt(() => insertUser(context, account))
    if (result.ok) return noted(context, result.value)
    if (result.error.code === emailTaken.code || result.error.code === usernameTaken.code) return null
    throw result.error
  },
})

function noted(context: CommandContext, user: User): User {
  context.note({ target: { type: 'user', id: user.id } })
  return user
}

/** A username for somebody who gave none: what stands before the "@". */
function usernameFor(email: string): string {
  const local = email
    .slice(0, email.indexOf('@'))
    .replaceAll(/[^\p{L}\p{N}._+-]/gu, '')
    .replace(/^[^\p{L}\p{N}]+/u, '')
    .slice(0, 50)
  const wanted = username.safeParse(local)
  return wanted.success ? wanted.data : 'user'
}

export const currentUser = defineQuery(currentUserSignature, {
  allow: signedIn,
  duringPendingStep: true,
  async handle({ actor, open }) {
    if (actor.kind !== 'user') throw unauthenticated({})
    const { userId, sessionId, roles, grants, organization, expiresAt, assurance, pendingSteps } = actor.principal
    const em = await open()
    return {
      user: await existingUser(em, userId),
      roles: [...roles],
      permissions: [...grants.list()],
      organization,
      memberships: await membershipsOf(em, userId),
      session: { id: sessionId, expiresAt, assurance },
      pendingSteps: [...pendingSteps],
    }
  },
})

export const setUserStatus = defineCommand(setUserStatusSignature, {
  allow: granted,
  target: changedUserTarget,
  async handle(context, { userId, status, reason, version }) {
    const { em, now, actor } = context
    const user = await existingUser(em, userId)
    expectVersion(user, version)
    const acting = isActing(status)
    if (isActing(user.status) && !acting) await keepASuperadmin(context, user)
    const before = user.status
    user.status = status
    user.statusReason = reason ?? null
    user.statusChangedAt = now
    user.statusChangedBy = actor.kind === 'user' ? actor.principal.userId : null
    user.updatedAt = now
    const ended = acting ? { sessionsEnded: 0, tokensEnded: 0 } : await endSessions(em, { userId }, 'userStatus', now)
    if (!acting) context.revoke({ userId, ...ended })
    context.note({ changes: { status: [before, status], reason: reason ?? null, ...ended } })
    if (before !== status)
      context.emit({ type: 'users.statusChanged', subject: userId, organizationId: null, payload: { userId, before, status } })
    await em.flush()
    return { user, ...ended }
  },
})

/** Whoever takes a superadmin out of action waits for the guard, then must leave another one. */
async function keepASuperadmin({ em, now }: CommandContext, user: UserRow): Promise<void> {
  await lockSuperadmins(em)
  const remaining = await activeSuperadmins(em, now)
  if (remaining.length === 1 && remaining[0] === user.id) throw lastSuperadmin({})
}
