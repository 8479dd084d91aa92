import { userActor, uuidOf, type DenizenError, type Origin } from '@denizen/core'
import { databases, type SignedInUser, useWorld } from '@denizen/core/testing'
import { describe, expect, test } from 'vitest'
import { networkOf } from '../../kernel/network.ts'
import { counterKey } from '../../throttling/keys.ts'

const codeOf = (call: Promise<unknown>): Promise<string> =>
  call.then(
    () => 'no error',
    (error: unknown) => (error as DenizenError).code,
  )

describe.each(databases)('on %s', (database) => {
  const world = useWorld({ database, settings: { publicUrl: 'https://id.example.com' } })
  const device = { ip: '192.0.2.7', userAgent: 'denizen/0.1 (linux)' }
  const start = (clientName = 'denizen-cli') => world().core.as({ kind: 'anonymous' }, device).auth.startDeviceLogin({ clientName })
  const poll = (deviceCode: string, clientName?: string) =>
    world()
      .core.as({ kind: 'anonymous' }, device)
      .auth.pollDeviceLogin({ deviceCode, ...(clientName !== undefined && { clientName }) })
  const from = ({ principal }: SignedInUser, origin: Partial<Origin>) => world().core.as(userActor(principal), origin)

  test('a device is approved by its user, and gets a session of its own, once', async () => {
    const ada = await world().signUp()
    const begun = await start()
    expect(begun).toMatchObject({ interval: 5, verificationUri: 'https://id.example.com/device' })
    expect(begun.userCode).toMatch(/^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/)
    expect(begun.verificationUriComplete).toBe(`https://id.example.com/device?user_code=${begun.userCode}`)
    expect(begun.deviceCode).toMatch(/^dnz_device_/)
    expect(begun.expiresAt.getTime() - world().clock.now().getTime()).toBe(600_000)
    expect(await poll(begun.deviceCode)).toEqual({ status: 'pending', interval: 5 })

    const typed = begun.userCode.toLowerCase().replace('-', ' ')
    const seen = await ada.as.auth.viewDeviceLogin({ userCode: typed })
    expect(seen).toMatchObject({ clientName: 'denizen-cli', ...device, createdAt: world().clock.now() })
    expect(await ada.as.auth.approveDeviceLogin({ userCode: typed })).toEqual({ clientName: 'denizen-cli' })

    const answer = await poll(begun.deviceCode, 'denizen-cli')
    if (answer.status !== 'signedIn') throw new Error(`the device got ${answer.status}`)
    expect(answer).toMatchObject({ user: { id: ada.user.id }, pendingSteps: [] })
    expect(answer.session.expiresAt.getTime() - world().clock.now().getTime()).toBe(14 * 24 * 3_600_000)
    const principal = await world().core.authenticate(answer.accessToken)
    expect(principal).toMatchObject({ userId: ada.user.id, sessionId: answer.session.id, assurance: 'aal1' })
    expect(answer.session.id).not.toBe(ada.principal.sessionId)
    expect(await codeOf(poll(begun.deviceCode))).toBe('auth.deviceCodeInvalid')

    const [session] = await world().rows(
      `select host(s.ip) as ip, s.user_agent, s.auth_methods, (select count(*)::int from tokens t where t.session_id = s.id) as tokens
        from sessions s join tokens t on t.session_id = s.id where s.user_agent = ? and s.user_id = ? limit 1`,
      [device.userAgent, uuidOf(ada.user.id)],
    )
    expect(session).toEqual({ ip: device.ip, user_agent: device.userAgent, auth_methods: ['pwd'], tokens: 2 })
    const history = await world().rows(`select outcome, host(ip) as ip from login_attempts where method = 'device' and user_id = ?`, [
      uuidOf(ada.user.id),
    ])
    expect(history).toEqual([{ outcome: 'succeeded', ip: device.ip }])
  })

  test('S25: one network may begin only so many an hour, and what is refused leaves nothing', async () => {
    const from = (ip: string) => world().core.as({ kind: 'anonymous' }, { ip })
    const clientName = 'flood'
    await from('198.51.100.77').auth.startDeviceLogin({ clientName })
    const hour = String(Math.floor(world().clock.now().getTime() / 3_600_000))
    const counter = await counterKey(world().ports, 'begun/deviceLogin/network', [hour, networkOf('198.51.100.77') ?? ''])
    expect(await world().rows('update throttles set failures = 200 where key = ? returning 1', [counter])).toHaveLength(1)
    const before = await world().counts()
    expect(await codeOf(from('198.51.100.77').auth.startDeviceLogin({ clientName }))).toBe('auth.tooManyAttempts')
    expect(await world().counts()).toEqual(before)
    expect(await codeOf(from('198.51.100.78').auth.startDeviceLogin({ clientName }))).toBe('no error')
    world().clock.advance(3_600_000)
    expect(await codeOf(from('198.51.100.77').auth.startDeviceLogin({ clientName }))).toBe('no error')
  })

  test('R11: polling and looking leave no audit entries of strangers', async () => {
    const { deviceCode, userCode } = await start()
    const before = (await world().counts())['audit_entries']
    for (let count = 0; count < 3; count++) {
      await poll(deviceCode)
      await world().asAnonymous().auth.viewDeviceLogin({ userCode })
    }
    expect((await world().counts())['audit_entries']).toBe(before)
  })

  test('the session of a device has the assurance of the one that approved, and no fresh proof', async () => {
    const ada = await world().signUp()
    await world().rows(
      `update sessions set assurance = 'aal2', auth_methods = '{pwd,otp}' where user_id = (select id from users where username = ?) returning 1`,
      [ada.user.username],
    )
    const again = await world().core.authenticate(ada.token)
    const { userCode, deviceCode } = await start('a television')
    await world()
      .core.as(userActor(again ?? ada.principal))
      .auth.approveDeviceLogin({ userCode })
    const answer = await poll(deviceCode)
    if (answer.status !== 'signedIn') throw new Error(`the device got ${answer.status}`)
    const principal = await world().core.authenticate(answer.accessToken)
    if (principal === null) throw new Error('the token opens nothing')
    expect(principal.assurance).toBe('aal2')
    const other = await start()
    expect(await codeOf(world().core.as(userActor(principal)).auth.approveDeviceLogin({ userCode: other.userCode }))).toBe(
      'auth.freshProofRequired',
    )
  })

  test('who polls too soon is told to slow down, by five seconds each time', async () => {
    const { deviceCode } = await start()
    expect(await poll(deviceCode)).toEqual({ status: 'pending', interval: 5 })
    expect(await poll(deviceCode)).toEqual({ status: 'slowDown', interval: 10 })
    world().clock.advance(6_000)
    expect(await poll(deviceCode)).toEqual({ status: 'slowDown', interval: 15 })
    world().clock.advance(15_000)
    expect(await poll(deviceCode)).toEqual({ status: 'pending', interval: 15 })
  })

  test('a denial ends it, also by somebody without an account; so does time', async () => {
    const ada = await world().signUp()
    const denied = await start()
    expect(await world().asAnonymous().auth.denyDeviceLogin({ userCode: denied.userCode })).toEqual({ clientName: 'denizen-cli' })
    expect(await codeOf(poll(denied.deviceCode))).toBe('auth.deviceDenied')
    expect(await codeOf(ada.as.auth.approveDeviceLogin({ userCode: denied.userCode }))).toBe('auth.deviceLoginUnknown')
    const late = await start()
    const fetched = await start()
    await ada.as.auth.approveDeviceLogin({ userCode: fetched.userCode })
    world().clock.advance(600_000)
    expect(await codeOf(poll(late.deviceCode))).toBe('auth.deviceCodeExpired')
    expect(await codeOf(poll(fetched.deviceCode))).toBe('auth.deviceCodeExpired')
    const grace = await world().signUp()
    expect(await codeOf(grace.as.auth.approveDeviceLogin({ userCode: late.userCode }))).toBe('auth.deviceLoginUnknown')
  })

  test('a device code is good for the program that began, and for nobody who changed a letter', async () => {
    const { deviceCode } = await start('one')
    expect(await codeOf(poll(deviceCode, 'another'))).toBe('auth.deviceCodeInvalid')
    expect(await codeOf(poll(`${deviceCode.slice(0, -1)}${deviceCode.endsWith('A') ? 'B' : 'A'}`))).toBe('auth.deviceCodeInvalid')
    expect(await codeOf(poll('dnz_device_x'))).toBe('auth.deviceCodeInvalid')
    expect(await codeOf(poll((await world().signUp()).token))).toBe('auth.deviceCodeInvalid')
  })

  test('approving wants a fresh proof: the next day the user has to prove once more who they are', async () => {
    const ada = await world().signUp()
    const { userCode } = await start()
    expect(await codeOf(world().asAnonymous().auth.approveDeviceLogin({ userCode }))).toBe('request.unauthenticated')
    world().clock.advance(5 * 60_000)
    expect(await codeOf(ada.as.auth.approveDeviceLogin({ userCode }))).toBe('auth.freshProofRequired')
    const impersonator = { userId: ada.user.id, username: 'root', sessionId: ada.principal.sessionId ?? 'ses_' } as const
    const impersonated = { ...ada.principal, recentAuthUntil: null, impersonator }
    expect(await codeOf(world().core.as(userActor(impersonated)).auth.approveDeviceLogin({ userCode }))).toBe('auth.ownSessionRequired')
    const debtor = { ...ada.principal, pendingSteps: ['changePassword'] as const }
    expect(await codeOf(world().core.as(userActor(debtor)).auth.approveDeviceLogin({ userCode }))).toBe('auth.stepRequired')
  })

  test('71: whatever ends the sessions of a user ends one that waits to be fetched', async () => {
    const [ada, root] = [await world().signUp(), await world().asSuperadmin()]
    const { userCode, deviceCode } = await start()
    await ada.as.auth.approveDeviceLogin({ userCode })
    await root.as.users.setStatus({ userId: ada.user.id, status: 'suspended' })
    await root.as.users.setStatus({ userId: ada.user.id, status: 'active' })
    expect(await codeOf(poll(deviceCode))).toBe('auth.deviceDenied')
    expect(await codeOf(poll(deviceCode))).toBe('auth.deviceDenied')
  })

  test('a device outside the allowed addresses is not approved, and one that moved there gets nothing', async () => {
    const ada = await world().signUp()
    const { userCode, deviceCode } = await start()
    const allow = (block: string) =>
      world().rows(`update users set allowed_ips = array[?]::text[] where username = ? returning 1`, [block, ada.user.username])
    await allow('198.51.100.0/24')
    const here = from(ada, { ip: '198.51.100.9', remote: true })
    expect(await codeOf(here.auth.approveDeviceLogin({ userCode }))).toBe('auth.deviceAddressNotAllowed')
    await allow('192.0.2.0/24')
    await from(ada, { ip: '192.0.2.9', remote: true }).auth.approveDeviceLogin({ userCode })
    const moved = world().core.as({ kind: 'anonymous' }, { ip: '203.0.113.1', remote: true })
    expect(await codeOf(moved.auth.pollDeviceLogin({ deviceCode }))).toBe('auth.deviceDenied')
  })

  test('codes cannot be tried for long: wrong ones are counted by network and account, and a right one forgets nothing', async () => {
    const mallory = await world().signUp()
    const origin = { ip: '203.0.113.77', remote: true } as const
    const mine = await start()
    const outcomes: string[] = []
    for (let index = 0; index < 8; index++)
      outcomes.push(await codeOf(from(mallory, origin).auth.viewDeviceLogin({ userCode: 'BBBB-BBBB' })))
    expect(outcomes.slice(0, 5)).toEqual(Array(5).fill('auth.deviceLoginUnknown'))
    expect(outcomes.at(-1)).toBe('auth.tooManyAttempts')
    expect(await codeOf(from(mallory, origin).auth.approveDeviceLogin({ userCode: mine.userCode }))).toBe('auth.tooManyAttempts')
    const stranger = world().core.as({ kind: 'anonymous' }, { ip: '203.0.113.78', remote: true })
    expect(await codeOf(stranger.auth.viewDeviceLogin({ userCode: mine.userCode }))).toBe('no error')
    for (let index = 0; index < 8; index++) await codeOf(stranger.auth.denyDeviceLogin({ userCode: 'BBBB-BBBB' }))
    expect(await codeOf(stranger.auth.denyDeviceLogin({ userCode: mine.userCode }))).toBe('auth.tooManyAttempts')
  })

  test('the session that approves may end with it', async () => {
    const ada = await world().signUp()
    const { userCode, deviceCode } = await start()
    await ada.as.auth.approveDeviceLogin({ userCode, endSession: true })
    expect(await world().core.authenticate(ada.token)).toBeNull()
    expect((await poll(deviceCode)).status).toBe('signedIn')
  })

  test('what calls itself by hidden characters does not get to ask', async () => {
    for (const clientName of ['', '  ', 'a\u202eb', 'x'.repeat(101), 'a\u0000'])
      expect(await codeOf(start(clientName))).toBe('request.invalid')
  })

  test('logins of days ago are cleared away by those who begin', async () => {
    await start()
    world().clock.advance(25 * 3_600_000)
    await start()
    const [row] = await world().rows<{ count: number }>('select count(*)::int as count from device_logins where expires_at < ?', [
      world().clock.now(),
    ])
    expect(row?.count ?? -1).toBeLessThan(10)
    await start()
    await start()
    const left = await world().rows('select 1 from device_logins where expires_at < ?', [world().clock.now()])
    expect(left).toEqual([])
  })

  test('whoever holds a token gives it back: the session ends, an unknown token is no error', async () => {
    const ada = await world().signUp()
    const { deviceCode, userCode } = await start()
    await ada.as.auth.approveDeviceLogin({ userCode })
    const answer = await poll(deviceCode)
    if (answer.status !== 'signedIn') throw new Error(`the device got ${answer.status}`)
    const { accessToken, refreshToken } = answer
    const revoke = (token: string) => world().asAnonymous().auth.revokeToken({ token })
    const tampered = `${refreshToken.slice(0, 45)}${refreshToken[45] === 'x' ? 'y' : 'x'}${refreshToken.slice(46)}`
    for (const token of ['nonsense', tampered, deviceCode]) expect(await revoke(token)).toEqual({ sessionsEnded: 0, tokensEnded: 0 })
    expect(await world().core.authenticate(accessToken)).not.toBeNull()
    expect(await revoke(refreshToken)).toEqual({ sessionsEnded: 1, tokensEnded: 1 })
    expect(await world().core.authenticate(accessToken)).toBeNull()
    expect(await revoke(accessToken)).toEqual({ sessionsEnded: 0, tokensEnded: 0 })
    expect(await world().core.authenticate(ada.token)).not.toBeNull()
  })

  test('an API token that is given back is revoked, and nothing else of its user ends', async () => {
    const ada = await world().signUp()
    const { secret, token } = await ada.as.tokens.create({ name: 'leaked', scopes: ['sessions.whoami'] })
    expect(await world().core.authenticate(secret)).not.toBeNull()
    const revoke = () => world().asAnonymous().auth.revokeToken({ token: secret })
    expect(await revoke()).toEqual({ sessionsEnded: 0, tokensEnded: 1 })
    expect(await world().core.authenticate(secret)).toBeNull()
    expect(await ada.as.tokens.get({ tokenId: token.id })).toMatchObject({ state: 'revoked' })
    expect(await revoke()).toEqual({ sessionsEnded: 0, tokensEnded: 0 })
    expect(await world().core.authenticate(ada.token)).not.toBeNull()
    const entries = await world().rows(
      `select outcome, target_type from audit_entries where action = 'auth.revokeToken' and target_type = 'token'`,
    )
    expect(entries).toEqual(Array(2).fill({ outcome: 'succeeded', target_type: 'token' }))
  })
})
