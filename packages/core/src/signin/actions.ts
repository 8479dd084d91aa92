import { defineCommand } from '../kernel/action.ts'
import type { Origin, PrepareContext } from '../kernel/context.ts'
import { ownSessionRequired, unauthenticated } from '../kernel/errors.ts'
import { anyone, signedIn } from '../kernel/rule.ts'
import { decoyHash, hashPassword, isOutdated, PasswordRow, verifyPassword } from '../passwords/index.ts'
import { endSessions } from '../sessions/index.ts'
import { findByIdentifier, isActing, mayActFrom, UserRow, type UserId } from '../users/index.ts'
import { noteAttempt } from './attempts.ts'
import { continueSignIn } from './continuing.ts'
import { invalidCredentials } from './errors.ts'
import type { LoginOutcome } from './model.ts'
import { signInSignature, signOutSignature } from './signatures.ts'

/** What was found before the transaction: all of it is looked at again inside. */
interface Checked {
  readonly userId: UserId | null
  /** When the password was chosen. Its hash alone may be another by now: whoever signs in at the same moment upgrades it. */
  readonly changedAt: Date | null
  readonly matches: boolean
  /** The password hashed anew, when the stored hash is weaker than today's. */
  readonly upgrade: string | null
}

export const signIn = defineCommand(signInSignature, {
  allow: anyone,
  secretive: true,
  locks: ({ userId }) => (userId === null ? [] : [userId]),
  prepare: checkPassword,
  async handle(context, { identifier }, checked) {
    const { em } = context
    const user = checked.userId === null ? null : await em.findOne(UserRow, { id: checked.userId })
    const password = user === null ? null : await em.findOne(PasswordRow, { userId: user.id })
    const matches = checked.matches && password?.changedAt.getTime() === checked.changedAt?.getTime()
    const outcome = user === null ? 'unknownUser' : !matches ? 'wrongPassword' : outcomeFor(user, context.origin)
    if (user !== null) context.note({ target: { type: 'user', id: user.id } })
    if (outcome !== 'succeeded' || user === null || password === null) {
      noteAttempt(context, { identifier, userId: user?.id ?? null, method: 'password', outcome })
      return context.refuse(invalidCredentials({}))
    }
    if (checked.upgrade !== null) password.hash = checked.upgrade
    return continueSignIn(context, user, { method: 'password', authMethods: ['pwd'], identifier })
  },
})

/** How it ends for whoever knows the password. */
function outcomeFor(user: UserRow, origin: Origin): LoginOutcome {
  if (!isActing(user.status)) return 'notActive'
  return mayActFrom(user.allowedIps, origin) ? 'succeeded' : 'addressNotAllowed'
}

/** Takes as long for a user that does not exist as for one that does. */
async function checkPassword({ reader, ports }: PrepareContext, input: { identifier: string; password: string }): Promise<Checked> {
  const user = await findByIdentifier(reader, input.identifier)
  const stored = user === null ? null : await reader.findOne(PasswordRow, { userId: user.id })
  const hash = stored?.hash ?? null
  const matches = (await verifyPassword(ports.hasher, hash ?? (await decoyHash(ports.hasher)), input.password)) && hash !== null
  const upgrade = matches && isOutdated(ports.hasher, hash) ? await hashPassword(ports.hasher, input.password) : null
  return { userId: user?.id ?? null, changedAt: stored?.changedAt ?? null, matches, upgrade }
}

export const signOut = defineCommand(signOutSignature, {
  allow: signedIn,
  duringPendingStep: true,
  async handle(context) {
    const { actor, em, now } = context
    if (actor.kind !== 'user') throw unauthenticated({})
    const { userId, sessionId } = actor.principal
    if (sessionId === null) throw ownSessionRequired({})
    const ended = await endSessions(em, { userId, sessionId }, 'signedOut', now)
    context.revoke({ userId, sessionId, ...ended })
    context.emit({ type: 'auth.signedOut', subject: userId, organizationId: null, payload: { userId, sessionId } })
    return ended
  },
})
