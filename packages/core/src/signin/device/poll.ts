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

interface Poll {
  readonly deviceCode: string
  readonly clientName?: string | undefined
}

export const pollDeviceLogin = defineCommand(deviceSignatures.pollDeviceLogin, {
  allow: anyone,
  handlesSecret: true,
  prepare: approver,
  locks: (userId) => (userId === null ? [] : [userId]),
  async handle(context, poll, locked) {
    const login = await asked(context, poll)
    context.note({ target: { type: 'deviceLogin', id: login.id } })
    // Approved since `prepare` looked: whose row is to be locked first is known at the next poll.
    if (login.status === 'pending' || login.userId !== locked) return wait(context, login)
    return fetch(context, login, locked)
  },
})

/** Who approved the login that a code belongs to. Nothing is proved yet. */
async function approver({ reader }: PrepareContext, { deviceCode }: Poll): Promise<Id<'usr'> | null> {
  const id = idInToken('device', deviceCode)
  const login = id === null ? null : await reader.findOne(DeviceLoginRow, { id })
  return login?.userId ?? null
}

/** The login that a device code proves, locked: of many polls at once one gets the tokens. */
async function asked({ em, now, ports }: CommandContext, { deviceCode, clientName }: Poll): Promise<DeviceLoginRow> {
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

/** Not yet; and whoever comes too soon has to wait longer from now on. */
function wait({ now }: CommandContext, login: DeviceLoginRow): { status: 'pending' | 'slowDown'; interval: number } {
  const { lastPolledAt, interval } = login
  const early = lastPolledAt !== null && now.getTime() < lastPolledAt.getTime() + interval * 1000 - leeway
  if (early) login.interval = interval + slowDown
  login.lastPolledAt = now
  return { status: early ? 'slowDown' : 'pending', interval: login.interval }
}

/** Hands over the session that the approval opened, if nothing has ended it since. */
async function fetch(context: CommandContext, login: DeviceLoginRow, userId: Id<'usr'> | null): Promise<SignedIn> {
  const { em, now, origin, ports, settings } = context
  const { sessionId } = login
  if (userId === null || sessionId === null) throw deviceCodeInvalid({})
  const user = await em.findOneOrFail(UserRow, { id: userId })
  const expiresAt = slidExpiry(now, now, (await context.limits.ofUser(userId)).sessionLifetimeMinutes)
  if (!mayActFrom(user.allowedIps, origin) || !(await keep(context, sessionId, expiresAt))) return deny(context, login, deviceDenied({}))
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

/** Gives the session its whole life. false: it was ended. */
async function keep({ em, now }: CommandContext, sessionId: Id<'ses'>, expiresAt: Date): Promise<boolean> {
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
