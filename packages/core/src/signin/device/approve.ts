import { change } from '../../kernel/row.ts'
import { defineCommand } from '../../kernel/action.ts'
import { callerId, type Principal } from '../../kernel/actor.ts'
import type { CommandContext, PrepareContext } from '../../kernel/context.ts'
import { ownSessionRequired, unauthenticated } from '../../kernel/errors.ts'
import { uuidOf, type Id } from '../../kernel/id.ts'
import { networkOf, mayActFrom } from '../../kernel/network.ts'
import { anyone, signedIn } from '../../kernel/rule.ts'
import { SessionRow } from '../../sessions/entity.ts'
import { endSessions } from '../../sessions/index.ts'
import { UserRow } from '../../users/index.ts'
import { recordLoginAttempt } from '../../login-history/index.ts'
import { DeviceLoginRow } from './entity.ts'
import { createSession } from '../create-session.ts'
import { admit, countFailure, throttleKeys } from '../../throttling/index.ts'
import { deviceAddressNotAllowed, deviceLoginUnknown } from './errors.ts'
import { deviceSignatures } from './signatures.ts'

/**
 * Finds and locks the pending login of a user code: of many concurrent answers one gets it. Codes are
 * short, so wrong ones are counted per caller and network,
 * and a right one does not reset the count: anybody can get a right one of their own.
 */
async function lockPendingLogin(context: CommandContext, userCode: string): Promise<DeviceLoginRow> {
  const { actor, em, now, origin, ports } = context
  const guesser = callerId(actor) ?? networkOf(origin.ip ?? '') ?? 'none'
  const keys = await throttleKeys(ports, origin, [guesser], { guessed: 'userCode' })
  await admit(context, keys)
  const [found] = await em.execute<{ id: string }[]>(
    `select id from device_logins where user_code = ? and status = 'pending' and expires_at > ? for update`,
    [userCode, now],
  )
  if (found !== undefined) return em.findOneOrFail(DeviceLoginRow, { userCode })
  await countFailure(context, keys)
  return context.refuse(deviceLoginUnknown({}))
}

/** Anybody who has the code may see the login: the device shows it to them. */
export const viewDeviceLogin = defineCommand(deviceSignatures.viewDeviceLogin, {
  allow: anyone,
  duringPendingStep: true,
  handlesSecret: true,
  async handle(context, { userCode }) {
    const { id, clientName, ip, userAgent, createdAt, expiresAt } = await lockPendingLogin(context, userCode)
    context.note({ target: { type: 'deviceLogin', id }, looked: true })
    return { clientName, ip, userAgent, createdAt, expiresAt }
  },
})

/**
 * Creates the session that the device will fetch: it exists from now on, so that
 * whatever ends the user's sessions ends this one too, fetched or not. If it
 * is not fetched, it expires with the device code. It starts without recent authentication:
 * the approver has authenticated, whoever has the device has not.
 */
export const approveDeviceLogin = defineCommand(deviceSignatures.approveDeviceLogin, {
  allow: signedIn,
  requiresRecentAuth: true,
  handlesSecret: true,
  prepare: async ({ actor }: PrepareContext) => callerId(actor),
  locks: (userId) => (userId === null ? [] : [userId]),
  async handle(context, { userCode, endSession }) {
    const { actor, em } = context
    if (actor.kind !== 'user') throw unauthenticated({})
    const { principal } = actor
    const login = await lockPendingLogin(context, userCode)
    const user = await em.findOneOrFail(UserRow, { id: principal.userId })
    const session = await em.findOne(SessionRow, { id: sessionIdOf(principal) })
    if (session === null) throw unauthenticated({})
    const { authMethods, assurance } = session
    if (endSession) await endOwnSession(context, principal)
    const device = { ...context, origin: { ...context.origin, ip: login.ip, userAgent: login.userAgent } }
    const opening = { method: 'device', authMethods, assurance, identifier: user.username } as const
    if (!mayActFrom(user.allowedIps, device.origin)) {
      recordLoginAttempt(device, { ...opening, userId: user.id, outcome: 'addressNotAllowed' })
      return context.refuse(deviceAddressNotAllowed({}))
    }
    const { session: opened } = await createSession(device, user, opening)
    await limitUntilFetched(context, opened.id, login.expiresAt)
    change(login, { status: 'approved', userId: user.id, sessionId: opened.id })
    recordDecision(context, login, 'auth.deviceLoginApproved', user.id)
    return { clientName: login.clientName }
  },
})

function sessionIdOf({ sessionId }: Principal): Id<'ses'> {
  if (sessionId === null) throw ownSessionRequired({})
  return sessionId
}

async function endOwnSession(context: CommandContext, principal: Principal): Promise<void> {
  const [userId, sessionId] = [principal.userId, sessionIdOf(principal)]
  const ended = await endSessions(context.em, { userId, sessionId }, 'signedOut', context.now)
  context.invalidate(sessionId, { when: 'now', ...ended })
}

/** Deletes the tokens of the new session: the device gets its own when it polls. */
async function limitUntilFetched({ em }: CommandContext, sessionId: Id<'ses'>, until: Date): Promise<void> {
  await em.execute('delete from tokens where session_id = ?', [uuidOf(sessionId)], 'run')
  await em.execute(`update sessions set expires_at = ?, proved_at = 'epoch' where id = ?`, [until, uuidOf(sessionId)], 'run')
}

/** Anybody who has the code may deny it, also without an account. */
export const denyDeviceLogin = defineCommand(deviceSignatures.denyDeviceLogin, {
  allow: anyone,
  duringPendingStep: true,
  handlesSecret: true,
  async handle(context, { userCode }) {
    const login = await lockPendingLogin(context, userCode)
    login.status = 'denied'
    recordDecision(context, login, 'auth.deviceLoginDenied', callerId(context.actor))
    return { clientName: login.clientName }
  },
})

function recordDecision(context: CommandContext, { id, clientName }: DeviceLoginRow, type: string, userId: Id<'usr'> | null): void {
  context.note({ target: { type: 'deviceLogin', id }, changes: { clientName } })
  context.emit({ type, subject: id, organizationId: null, payload: { deviceLoginId: id, clientName, userId } })
}
