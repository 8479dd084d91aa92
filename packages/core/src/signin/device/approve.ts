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
import { openSession } from '../create-session.ts'
import { admit, countFailure, throttleKeys } from '../../throttling/index.ts'
import { deviceAddressNotAllowed, deviceLoginUnknown } from './errors.ts'
import { deviceSignatures } from './signatures.ts'

/**
 * What waits under a code, locked: of many answers at once one finds it. Codes are
 * short, so wrong ones are counted against whoever tries them and their network,
 * and no right one makes that forgotten: anybody can get a right one of their own.
 */
async function waiting(context: CommandContext, userCode: string): Promise<DeviceLoginRow> {
  const { actor, em, now, origin, ports } = context
  const guesser = callerId(actor) ?? networkOf(origin.ip ?? '') ?? 'none'
  const keys = await throttleKeys(ports, origin, guesser, { guessed: 'userCode' })
  await admit(context, keys)
  const [found] = await em.execute<{ id: string }[]>(
    `select id from device_logins where user_code = ? and status = 'pending' and expires_at > ? for update`,
    [userCode, now],
  )
  if (found !== undefined) return em.findOneOrFail(DeviceLoginRow, { userCode })
  await countFailure(context, keys)
  return context.refuse(deviceLoginUnknown({}))
}

/** Whoever has the code may look: the device shows it to them. */
export const viewDeviceLogin = defineCommand(deviceSignatures.viewDeviceLogin, {
  allow: anyone,
  duringPendingStep: true,
  handlesSecret: true,
  async handle(context, { userCode }) {
    const { id, clientName, ip, userAgent, createdAt, expiresAt } = await waiting(context, userCode)
    context.note({ target: { type: 'deviceLogin', id } })
    return { clientName, ip, userAgent, createdAt, expiresAt }
  },
})

/**
 * Opens the session that the device will fetch: it is there from now on, so that
 * whatever ends the user's sessions ends this one too, fetched or not. Unless it
 * is fetched it is over when the device code is. It begins without a fresh proof:
 * who approved has given one, whoever holds the device has not.
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
    const login = await waiting(context, userCode)
    const user = await em.findOneOrFail(UserRow, { id: principal.userId })
    const session = await em.findOne(SessionRow, { id: own(principal) })
    if (session === null) throw unauthenticated({})
    const { authMethods, assurance } = session
    if (endSession) await endOwn(context, principal)
    const device = { ...context, origin: { ...context.origin, ip: login.ip, userAgent: login.userAgent } }
    const opening = { method: 'device', authMethods, assurance, identifier: user.username } as const
    if (!mayActFrom(user.allowedIps, device.origin)) {
      recordLoginAttempt(device, { ...opening, userId: user.id, outcome: 'addressNotAllowed' })
      return context.refuse(deviceAddressNotAllowed({}))
    }
    const { session: opened } = await openSession(device, user, opening)
    await keepUntil(context, opened.id, login.expiresAt)
    Object.assign(login, { status: 'approved', userId: user.id, sessionId: opened.id })
    tell(context, login, 'auth.deviceLoginApproved', user.id)
    return { clientName: login.clientName }
  },
})

function own({ sessionId }: Principal): Id<'ses'> {
  if (sessionId === null) throw ownSessionRequired({})
  return sessionId
}

async function endOwn(context: CommandContext, principal: Principal): Promise<void> {
  const [userId, sessionId] = [principal.userId, own(principal)]
  const ended = await endSessions(context.em, { userId, sessionId }, 'signedOut', context.now)
  context.invalidate(sessionId, { when: 'now', ...ended })
}

/** The tokens of the opening go to nobody: the device gets its own when it comes for them. */
async function keepUntil({ em }: CommandContext, sessionId: Id<'ses'>, until: Date): Promise<void> {
  await em.execute('delete from tokens where session_id = ?', [uuidOf(sessionId)], 'run')
  await em.execute(`update sessions set expires_at = ?, proved_at = 'epoch' where id = ?`, [until, uuidOf(sessionId)], 'run')
}

/** Whoever has the code may say no, also without an account: a stranger who was talked into typing it, for one. */
export const denyDeviceLogin = defineCommand(deviceSignatures.denyDeviceLogin, {
  allow: anyone,
  duringPendingStep: true,
  handlesSecret: true,
  async handle(context, { userCode }) {
    const login = await waiting(context, userCode)
    login.status = 'denied'
    tell(context, login, 'auth.deviceLoginDenied', callerId(context.actor))
    return { clientName: login.clientName }
  },
})

function tell(context: CommandContext, { id, clientName }: DeviceLoginRow, type: string, userId: Id<'usr'> | null): void {
  context.note({ target: { type: 'deviceLogin', id }, changes: { clientName } })
  context.emit({ type, subject: id, organizationId: null, payload: { deviceLoginId: id, clientName, userId } })
}
