import { completed, systemActor, userActor, type Id } from '@denizen/core'
import { bothDatabases, databases, password, runnerOf, type SignedInUser, useWorld, type World } from '@denizen/core/testing'
import { Secret, TOTP, URI } from 'otpauth'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { defineCommand } from '../kernel/action.ts'
import { uuidOf } from '../kernel/id.ts'
import { anyone } from '../kernel/rule.ts'
import { command } from '../kernel/signature.ts'
import { userId } from '../kernel/ids.ts'
import { verifyTotp, consumeRecoveryCode } from './index.ts'

const proof = z.strictObject({ userId, code: z.string() })
/** What sign-in does with them, by itself. */
const accepting = [
  defineCommand(command('test.totp', { summary: 'Try a code', input: proof, output: z.boolean() }), {
    allow: anyone,
    handle: (context, input) => verifyTotp(context, input.userId, input.code),
  }),
  defineCommand(command('test.recovery', { summary: 'Try a recovery code', input: proof, output: z.boolean() }), {
    allow: anyone,
    handle: (context, input) => consumeRecoveryCode(context, input.userId, input.code),
  }),
]

function enrolling(world: () => World) {
  const codeOf = (key: string, at: Date = world().clock.now()) =>
    TOTP.generate({ secret: Secret.fromBase32(key), timestamp: at.getTime(), algorithm: 'SHA1', digits: 6, period: 30 })
  const later = (seconds: number) => new Date(world().clock.now().getTime() + seconds * 1000)
  const accepts = (name: 'totp' | 'recovery', user: { id: Id<'usr'> }, code: string) =>
    runnerOf(world(), accepting).run(`test.${name}`, { userId: user.id, code }, systemActor('test'))
  async function enrol(ada: SignedInUser) {
    const { key } = await ada.as.factors.beginTotp({})
    return { key, ...(await ada.as.factors.activateTotp({ code: codeOf(key) })) }
  }
  /** With what the session may do by now. */
  const asNow = async ({ token }: SignedInUser) => {
    const principal = await world().core.authenticate(token)
    if (principal === null) throw new Error('the session is over')
    return world().core.as(userActor(principal))
  }
  const eventsOf = async (ada: SignedInUser) =>
    (
      await world().rows<{ type: string }>(`select type from events where subject = ? and type like 'factors.%' order by type`, [
        ada.user.id,
      ])
    ).map(({ type }) => type)
  return { codeOf, later, accepts, enrol, asNow, eventsOf }
}

describe.each(databases)('on %s', (database) => {
  const world = useWorld({ database })
  const { codeOf, later, accepts, enrol, asNow, eventsOf } = enrolling(world)

  test('factors.activateTotp wants a code of the last key that was begun, and ends the other sessions and mailed links', async () => {
    const ada = await world().signUp()
    const other = await world().signIn(ada.user)
    await expect(ada.as.factors.activateTotp({ code: '123456' })).rejects.toMatchObject({ code: 'factors.notBegun' })
    const replaced = await ada.as.factors.beginTotp({})
    const { key } = await ada.as.factors.beginTotp({})
    for (const code of [codeOf(replaced.key), codeOf(key, later(-61)), codeOf(key, later(61)), '', 'abcdef'].filter((text) => text !== ''))
      await expect(ada.as.factors.activateTotp({ code })).rejects.toMatchObject({ code: 'factors.wrongCode', kind: 'invalid' })
    await world().rows(
      `insert into verifications (id, purpose, user_id, email, hash, created_at, expires_at)
        values (gen_random_uuid(), 'magicLink', ?, 'a@example.com', 'x', ?, ?) returning 1`,
      [uuidOf(ada.user.id), world().clock.now(), later(600)],
    )
    const { recoveryCodes, activatedAt, sessionsEnded } = await ada.as.factors.activateTotp({ code: codeOf(key).replace(/^.../, '$& ') })
    expect([activatedAt, sessionsEnded]).toEqual([world().clock.now(), 1])
    expect(new Set(recoveryCodes).size).toBe(10)
    for (const code of recoveryCodes) expect(code).toMatch(/^([0-9a-hjkmnp-tv-z]{4}-){2}[0-9a-hjkmnp-tv-z]{4}$/)
    expect(await world().core.authenticate(other.token)).toBeNull()
    expect(await ada.as.factors.list({})).toEqual({ totp: { activatedAt }, passkeys: 0, recoveryCodes: 10, required: false })
    expect(await world().rows('select 1 from verifications where user_id = ? and revoked_at is null', [uuidOf(ada.user.id)])).toEqual([])
    await expect(ada.as.factors.activateTotp({ code: codeOf(key) })).rejects.toMatchObject({ code: 'factors.notBegun' })
    const answer = await world().asAnonymous().auth.signIn({ identifier: ada.user.id, password })
    expect(answer).toMatchObject({ status: 'factorRequired', methods: ['totp', 'recoveryCode'] })
    expect(await eventsOf(ada)).toEqual(['factors.totpActivated'])
  })

  test('a code is accepted once, and nothing older than the last', async () => {
    const ada = await world().signUp()
    const { key } = await enrol(ada)
    expect(await accepts('totp', ada.user, codeOf(key))).toBe(false) // it activated the app
    expect(await accepts('totp', ada.user, codeOf(key, later(30)))).toBe(true)
    expect(await accepts('totp', ada.user, codeOf(key, later(30)))).toBe(false)
    world().clock.advance(90_000)
    for (const [seconds, accepted] of [
      [-60, false],
      [60, false],
      [30, true],
      [0, false], // of this step nobody had a code yet, but a later one was used
      [-30, false],
    ] as const)
      expect([seconds, await accepts('totp', ada.user, codeOf(key, later(seconds)))]).toEqual([seconds, accepted])
    world().clock.advance(90_000)
    expect(await accepts('totp', ada.user, codeOf(key, later(-30)))).toBe(true)
    expect(await accepts('totp', ada.user, codeOf(key))).toBe(true)
  })

  test('a key is of use to its user only, also to who writes rows', async () => {
    const [ada, eve] = [await world().signUp(), await world().signUp()]
    const { key } = await enrol(ada)
    await enrol(eve)
    await world().rows(
      `update totp_factors set last_step = null, sealed_key = (select sealed_key from totp_factors where user_id = ?) where user_id = ? returning 1`,
      [uuidOf(ada.user.id), uuidOf(eve.user.id)],
    )
    await expect(accepts('totp', eve.user, codeOf(key))).rejects.toMatchObject({ code: 'request.sealedElsewhere' })
    expect(await accepts('totp', ada.user, codeOf(key, later(30)))).toBe(true)
  })

  test('a new app takes the place of the old one only when it shows a code', async () => {
    const ada = await world().signUp()
    const { key } = await enrol(ada)
    const begun = await ada.as.factors.beginTotp({})
    expect(await accepts('totp', ada.user, codeOf(begun.key, later(30)))).toBe(false)
    expect(await accepts('totp', ada.user, codeOf(key, later(30)))).toBe(true)
    await ada.as.factors.activateTotp({ code: codeOf(begun.key) })
    world().clock.advance(60_000)
    expect(await accepts('totp', ada.user, codeOf(key))).toBe(false)
    expect(await accepts('totp', ada.user, codeOf(begun.key))).toBe(true)
  })

  test('factors.disableTotp ends other sessions, takes the recovery codes with it, and cannot be done twice', async () => {
    const ada = await world().signUp()
    await expect(ada.as.factors.disableTotp({})).rejects.toMatchObject({ code: 'factors.noTotp' })
    await expect(ada.as.factors.regenerateRecoveryCodes({})).rejects.toMatchObject({ code: 'factors.none' })
    const other = await world().signIn(ada.user)
    const { key, recoveryCodes } = await enrol(ada)
    expect(await ada.as.factors.disableTotp({})).toEqual({ sessionsEnded: 0 })
    expect(await world().core.authenticate(other.token)).toBeNull()
    expect(await accepts('totp', ada.user, codeOf(key, later(30)))).toBe(false)
    expect(await accepts('recovery', ada.user, recoveryCodes[0] ?? '')).toBe(false)
    expect(await ada.as.factors.list({})).toEqual({ totp: null, passkeys: 0, recoveryCodes: 0, required: false })
    expect(completed(await world().asAnonymous().auth.signIn({ identifier: ada.user.id, password })).pendingSteps).toEqual([])
  })

  test('changes want a fresh proof', async () => {
    const ada = await world().signUp()
    await enrol(ada)
    world().clock.advance(5 * 60_000)
    for (const change of [
      () => ada.as.factors.beginTotp({}),
      () => ada.as.factors.activateTotp({ code: '123456' }),
      () => ada.as.factors.disableTotp({}),
      () => ada.as.factors.regenerateRecoveryCodes({}),
    ])
      await expect(change()).rejects.toMatchObject({ code: 'auth.freshProofRequired' })
    expect((await ada.as.factors.list({})).recoveryCodes).toBe(10)
    await expect(world().asSystem().factors.beginTotp({})).rejects.toMatchObject({ code: 'request.unauthenticated' })
    await expect(world().asAnonymous().factors.list({})).rejects.toMatchObject({ code: 'request.unauthenticated' })
  })

  test('factors.reset takes all of them, tells the user, and the next sign-in has to enrol again', async () => {
    const admin = await world().asSuperadmin()
    const ada = await world().signUp()
    await expect(admin.as.factors.reset({ userId: ada.user.id })).rejects.toMatchObject({
      code: 'factors.none',
      message: 'This user has no second factor, so there is none to remove.',
    })
    await enrol(ada)
    const taken = await admin.as.factors.reset({ userId: ada.user.id, reason: 'lost the phone' })
    expect(taken).toEqual({ totp: true, passkeys: 0, recoveryCodes: 10, sessionsEnded: 1 })
    expect(await world().core.authenticate(ada.token)).toBeNull()
    await world().work()
    const mail = world().mailer.sent.findLast(({ to }) => to === ada.user.email)
    expect([mail?.subject, mail?.text]).toEqual(['Your second factor was removed', expect.stringContaining('did not ask for this')])
    const again = await world().signIn(ada.user)
    expect(again.principal.pendingSteps).toEqual(['enrolFactor'])
    await expect(again.as.users.updatePreferences({ preferences: {} })).rejects.toMatchObject({ code: 'auth.stepRequired' })
    await enrol(again)
    const freed = await asNow(again)
    await freed.users.updatePreferences({ preferences: {} })
    expect((await freed.factors.list({})).required).toBe(false)
    expect(await eventsOf(ada)).toEqual(['factors.reset', 'factors.totpActivated', 'factors.totpActivated'])
  })

  test('an administrator of an organization resets the accounts that it manages, and no mere member’s', async () => {
    const organizationId = await world().newOrganization()
    const admin = await world().asMember(organizationId, 'admin')
    const managed = await world().signIn(await world().newUser({ email: undefined, username: `managed-${database}`, organizationId }))
    const member = await world().asMember(organizationId)
    for (const each of [managed, member]) await enrol(each)
    expect((await admin.as.factors.list({ userId: managed.user.id })).recoveryCodes).toBe(10)
    expect((await admin.as.factors.reset({ userId: managed.user.id })).totp).toBe(true)
    await expect(admin.as.factors.reset({ userId: member.user.id })).rejects.toMatchObject({ code: 'request.notFound' })
    await expect(admin.as.factors.list({ userId: member.user.id })).rejects.toMatchObject({ code: 'request.notFound' })
    await expect(admin.as.passkeys.list({ userId: member.user.id })).rejects.toMatchObject({ code: 'request.notFound' })
  })

  test('factors.reset is for who was granted it, and not below its owner', async () => {
    const [admin, chief, ada] = [await world().asSuperadmin(), await world().asSuperadmin(), await world().signUp()]
    await enrol(chief)
    const monitor = await world().asMonitor()
    await expect(monitor.as.factors.reset({ userId: chief.user.id })).rejects.toMatchObject({ code: 'request.denied' })
    await expect(ada.as.factors.reset({ userId: chief.user.id })).rejects.toMatchObject({ code: 'request.notFound' })
    expect((await chief.as.factors.list({})).recoveryCodes).toBe(10)
    world().clock.advance(5 * 60_000)
    await expect(admin.as.factors.reset({ userId: chief.user.id })).rejects.toMatchObject({ code: 'auth.freshProofRequired' })
    expect((await world().asSystem().factors.reset({ userId: chief.user.id })).totp).toBe(true)
  })
})

describe.each(bothDatabases)('factors as they are kept, on %s', (database) => {
  const world = useWorld({ database })
  const { codeOf, accepts, enrol, eventsOf } = enrolling(world)

  test('factors.beginTotp gives what an app reads, and changes nothing about signing in', async () => {
    const ada = await world().signUp()
    const { uri, key, qr } = await ada.as.factors.beginTotp({})
    const read = URI.parse(uri)
    expect(read).toMatchObject({ label: ada.user.email, issuer: 'localhost', algorithm: 'SHA1', digits: 6, period: 30 })
    expect(read.secret.base32).toBe(key)
    expect(key).toMatch(/^[A-Z2-7]{32}$/)
    expect(qr).toMatch(/^<svg .*<\/svg>$/s)
    expect(await ada.as.factors.list({})).toEqual({ totp: null, passkeys: 0, recoveryCodes: 0, required: false })
    expect(await accepts('totp', ada.user, codeOf(key))).toBe(false)
    expect((await world().asAnonymous().auth.signIn({ identifier: ada.user.id, password })).status).toBe('signedIn')
    const stored = await world().rows('select sealed_key, pending_key from totp_factors where user_id = ?', [uuidOf(ada.user.id)])
    expect(JSON.stringify(stored)).not.toContain(key)
  })

  test('a recovery code is used once, however it is typed, and only by its user', async () => {
    const [ada, eve] = [await world().signUp(), await world().signUp()]
    const { recoveryCodes } = await enrol(ada)
    await enrol(eve)
    const [first = '', second = '', third = ''] = recoveryCodes
    expect(await accepts('recovery', eve.user, first)).toBe(false)
    expect(await accepts('recovery', ada.user, first)).toBe(true)
    expect(await accepts('recovery', ada.user, first)).toBe(false)
    const mistaken = second.toUpperCase().replaceAll('-', ' ').replaceAll('0', 'O').replaceAll('1', 'l')
    expect(await accepts('recovery', ada.user, ` ${mistaken}`)).toBe(true)
    expect((await ada.as.factors.list({})).recoveryCodes).toBe(8)
    const { recoveryCodes: fresh } = await ada.as.factors.regenerateRecoveryCodes({})
    expect(await accepts('recovery', ada.user, third)).toBe(false)
    expect(await accepts('recovery', ada.user, fresh[0] ?? '')).toBe(true)
    expect((await ada.as.factors.list({})).recoveryCodes).toBe(9)
    const stored = JSON.stringify(await world().rows('select * from recovery_codes'))
    for (const code of [...recoveryCodes, ...fresh]) {
      expect(stored).not.toContain(code)
      expect(stored).not.toContain(code.replaceAll('-', ''))
    }
    expect(await eventsOf(ada)).toEqual([
      ...Array.from({ length: 3 }, () => 'factors.recoveryCodeUsed'),
      'factors.recoveryCodesRegenerated',
      'factors.totpActivated',
    ])
  })

  test('factors.list of others is for who may', async () => {
    const [ada, eve] = [await world().signUp(), await world().signUp()]
    const monitor = await world().asMonitor()
    await enrol(ada)
    expect((await monitor.as.factors.list({ userId: ada.user.id })).recoveryCodes).toBe(10)
    await expect(eve.as.factors.list({ userId: ada.user.id })).rejects.toMatchObject({ code: 'request.notFound' })
  })
})

describe('where a second factor is required', () => {
  const world = useWorld({ settings: { requireFactor: 'everybody', requireVerifiedEmail: true } })
  const codeOf = (key: string) => TOTP.generate({ secret: Secret.fromBase32(key), timestamp: world().clock.now().getTime() })

  test('a new session owes it, may enrol, and the last one cannot be disabled', async () => {
    const user = await world().newUser({ emailVerified: true })
    const ada = await world().signIn(user)
    expect(ada.principal.pendingSteps).toEqual(['enrolFactor'])
    await expect(ada.as.factors.disableTotp({})).rejects.toMatchObject({ code: 'auth.stepRequired' })
    const { key } = await ada.as.factors.beginTotp({})
    await ada.as.factors.activateTotp({ code: codeOf(key) })
    const principal = await world().core.authenticate(ada.token)
    if (principal === null) throw new Error('the session is over')
    const freed = world().core.as(userActor(principal))
    await expect(freed.factors.disableTotp({})).rejects.toMatchObject({ code: 'factors.lastRequired', kind: 'conflict' })
    expect(await freed.factors.list({})).toMatchObject({ totp: {}, recoveryCodes: 10, required: true })
  })

  test('a session that has not proved its address cannot settle in', async () => {
    const user = await world().newUser({ emailVerified: false })
    await world().rows('update users set need_password_change = false where email = ? returning 1', [user.email])
    const core = world().another({ settings: { requireFactor: 'nobody', requireVerifiedEmail: true } })
    const { accessToken } = completed(await core.as({ kind: 'anonymous' }).auth.signIn({ identifier: user.id, password }))
    const principal = await core.authenticate(accessToken)
    if (principal === null) throw new Error('a new token opens nothing')
    expect(principal.pendingSteps).toEqual(['verifyEmail'])
    await expect(core.as({ kind: 'user', principal }).factors.beginTotp({})).rejects.toMatchObject({ code: 'auth.stepRequired' })
  })
})
