import { defineCommand } from '../../kernel/action.ts'
import type { CommandContext, PrepareContext } from '../../kernel/context.ts'
import type { DenizenError } from '../../kernel/errors.ts'
import { uuidOf, type Id } from '../../kernel/id.ts'
import { anyone } from '../../kernel/rule.ts'
import { accessLifetime, slidExpiry } from '../../sessions/index.ts'
import { pendingStepsOf } from '../../principals/index.ts'
import { equalInConstantTime, idInToken, issueTokens } from '../../tokens/index.ts'
import { UserRow } from '../../users/index.ts'
import { mayActFrom } from '../../kernel/network.ts'
import { DeviceLoginRow } from './entity.ts'
import type { SignedIn } from '../model.ts'
import { deviceCodeExpired, deviceCodeInvalid, deviceDenied } from './errors.ts'
import { leeway, slowDown } from './model.ts'
import { deviceSignatures } from './signatures.ts'

interface PollInput {
  readonly deviceCode: string
  readonly clientName?: string | undefined
}

export const pollDeviceLogin = defineCommand(deviceSignatures.pollDeviceLogin, {
  allow: anyone,
  handlesSecret: true,
  prepare: findApprover,
  locks: (userId) => (userId === null ? [] : [userId]),
  async handle(context, poll, locked) {
    const login = await lockLogin(context, poll)
    // Approved since `prepare` ran: the row to lock first is known at the next poll.
    if (login.status === 'pending' || login.userId !== locked) return answerPending(context, login)
    context.note({ target: { type: 'deviceLogin', id: login.id } })
    return issueSession(context, login, locked)
  },
})

/** Who approved the login of a device code. The code is not verified yet. */
async function findApprover({ reader }: PrepareContext, { deviceCode }: PollInput): Promise<Id<'usr'> | null> {
  const id = idInToken('device', deviceCode)
  const login = id === null ? null : await reader.findOne(DeviceLoginRow, { id })
  return login?.userId ?? null
}

/** Verifies a device code and locks its login: of many concurrent polls one gets the tokens. */
async function lockLogin({ em, now, ports }: CommandContext, { deviceCode, clientName }: PollInput): Promise<DeviceLoginRow> {
  const id = idInToken('device', deviceCode)
  if (id === null) throw deviceCodeInvalid({})
  await em.execute('select 1 from device_logins where id = ? for update', [uuidOf(id)], 'run')
  const login = await em.findOne(DeviceLoginRow, { id })
  if (login === null || !equalInConstantTime(login.hash, ports.digest.sha256(deviceCode))) throw deviceCodeInvalid({})
  if (clientName !== undefined && clientName !== login.clientName) throw deviceCodeInvalid({})
  if (login.status === 'used') throw deviceCodeInvalid({})
  if (login.status === 'denied') throw deviceDenied({})
  if (login.expiresAt <= now) throw deviceCodeExpired({})
  return login
}

/** Answers that the login is pending; a device that polls too fast must wait longer from now on. */
function answerPending({ now }: CommandContext, login: DeviceLoginRow): { status: 'pending' | 'slowDown'; interval: number } {
  const { lastPolledAt, interval } = login
  const early = lastPolledAt !== null && now.getTime() < lastPolledAt.getTime() + interval * 1000 - leeway
  if (early) login.interval = interval + slowDown
  login.lastPolledAt = now
  return { status: early ? 'slowDown' : 'pending', interval: login.interval }
}

/** Issues the tokens of the approved session, unless it has ended since. */
async function issueSession(context: CommandContext, login: DeviceLoginRow, userId: Id<'usr'> | null): Promise<SignedIn> {
  const { em, now, origin, ports, settings } = context
  const { sessionId } = login
  if (userId === null || sessionId === null) throw deviceCodeInvalid({})
  const user = await em.findOneOrFail(UserRow, { id: userId })
  const expiresAt = slidExpiry(now, now, (await context.limits.ofUser(userId)).sessionLifetimeMinutes)
  if (!mayActFrom(user.allowedIps, origin) || !(await extendSession(context, sessionId, expiresAt)))
    return deny(context, login, deviceDenied({}))
  login.status = 'used'
  const pair = await issueTokens(em, ports, { userId, sessionId, now, expiresAt, accessLifetime })
  await em.flush()
  return {
    status: 'signedIn',
    user: { id: userId, username: user.username },
    session: { id: sessionId, expiresAt },
    accessToken: pair.access,
    accessTokenExpiresAt: pair.accessExpiresAt,
    refreshToken: pair.refresh,
    pendingSteps: [...(await pendingStepsOf(em, settings, pair.accessId, now))],
  }
}

/** Extends the session to its full lifetime. false: it has ended. */
async function extendSession({ em, now }: CommandContext, sessionId: Id<'ses'>, expiresAt: Date): Promise<boolean> {
  const kept = await em.execute<unknown[]>(
    'update sessions set expires_at = ?, last_seen_at = ? where id = ? and ended_at is null and expires_at > ? returning 1',
    [expiresAt, now, uuidOf(sessionId), now],
  )
  return kept.length === 1
}

function deny(context: CommandContext, login: DeviceLoginRow, reason: DenizenError): never {
  login.status = 'denied'
  return context.refuse(reason)
}
