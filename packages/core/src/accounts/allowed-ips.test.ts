import { builtInRoles, completed, userActor, uuidOf, type DenizenError, type Origin, type Principal } from '@denizen/core'
import { databases, raced, type SignedInUser, useWorld } from '@denizen/core/testing'
import { describe, expect, test } from 'vitest'

const origin: Origin = { requestId: 'req_limit', ip: '192.0.2.9', userAgent: null, remote: true }
const [here, elsewhere] = [['192.0.2.0/24'], ['198.51.100.0/24']]
const chosen = 'wheelbarrow antlers soup'

const codeOf = (call: Promise<unknown>) =>
  call.then(
    () => 'done',
    (error: DenizenError) => error.code,
  )

describe.each(databases)('the addresses that an account may be used from, on %s', (database) => {
  const world = useWorld({ database })
  const by = (principal: Principal) => world().core.as(userActor(principal), origin)
  const limitOf = async ({ user }: SignedInUser) => (await world().asSystem().users.get({ userId: user.id })).allowedIps
  async function principalOf(token: string): Promise<Principal> {
    const principal = await world().core.authenticate(token)
    return principal ?? expect.unreachable('a new token opens nothing')
  }

  test('S11: one’s own take a fresh proof, and are changed by no API token and no impersonator, by whatever action', async () => {
    const admin = await world().asSuperadmin()
    const ada = await world().signUp()
    const { secret } = await admin.as.tokens.create({ name: 'mine' })
    const program = by(await principalOf(secret))
    expect(await codeOf(program.users.updateCurrent({ allowedIps: here }))).toBe('auth.ownSessionRequired')
    expect(await codeOf(program.users.update({ userId: admin.user.id, allowedIps: here }))).toBe('auth.ownSessionRequired')
    const { accessToken } = await admin.as.auth.impersonate({ userId: ada.user.id, reason: 'a ticket' })
    expect(await codeOf(by(await principalOf(accessToken)).users.updateCurrent({ allowedIps: here }))).toBe('auth.ownSessionRequired')
    world().clock.advance(6 * 60_000)
    expect(await codeOf(by(ada.principal).users.updateCurrent({ allowedIps: here }))).toBe('auth.freshProofRequired')
    expect([await limitOf(ada), await limitOf(admin)]).toEqual([[], []])
    // What is not changed takes none, and neither does what an administrator sets for others.
    await by(ada.principal).users.updateCurrent({ allowedIps: [], displayName: 'Ada' })
    await program.users.update({ userId: ada.user.id, allowedIps: here })
    expect(await limitOf(ada)).toEqual(here)
  })

  test('S11: the owner is told by mail, whoever changes them', async () => {
    const admin = await world().asSuperadmin()
    const ada = await world().signUp()
    const told = async () => {
      await world().work()
      return world()
        .mailer.sent.filter(({ to }) => to === ada.user.email)
        .map(({ text }) => text)
    }
    await by(ada.principal).users.updateCurrent({ allowedIps: here })
    expect(await told()).toEqual([expect.stringMatching(/Somebody who is signed in as[^]*reset your password/)])
    await admin.as.users.bulkUpdate({ userIds: [ada.user.id], patch: { allowedIps: [] } })
    expect(await told()).toEqual([expect.anything(), expect.stringContaining('An administrator changed the network addresses')])
  })

  test('S11: a password reset by mail lifts the limit: whoever set it may have been somebody else', async () => {
    const ada = await world().signUp({ emailVerified: true })
    await by(ada.principal).users.updateCurrent({ allowedIps: elsewhere, force: true })
    const outside = world().core.as({ kind: 'anonymous' }, origin)
    const signIn = () => codeOf(outside.auth.signIn({ identifier: ada.user.id, password: chosen }))
    await outside.auth.requestPasswordReset({ email: ada.user.email ?? '' })
    await world().work()
    await outside.auth.resetPassword({ token: world().mailer.tokenFor(ada.user.email ?? ''), password: chosen })
    expect([await limitOf(ada), await signIn()]).toEqual([[], 'done'])
    // A link of an administrator's sets up what they have decided.
    await world().asSystem().users.update({ userId: ada.user.id, allowedIps: elsewhere })
    await world().asSystem().auth.sendSetupLink({ userId: ada.user.id })
    await world().work()
    await outside.auth.resetPassword({ token: world().mailer.tokenFor(ada.user.email ?? ''), password: `${chosen} again` })
    expect(await limitOf(ada)).toEqual(elsewhere)
  })

  test('68, 69: an operator’s limit is lifted by no reset and no organization; the owner hears when theirs is', async () => {
    const organizationId = await world().newOrganization()
    await world().ownDomain(organizationId, 'limited.example')
    const [email, admin] = ['ada@limited.example', await world().asMember(organizationId, 'admin')]
    const user = await world().newUser({ organizationId, email, emailVerified: true })
    const limit = async () => (await world().asSystem().users.get({ userId: user.id })).allowedIps
    const outside = world().core.as({ kind: 'anonymous' }, origin)
    const reset = async (word: string) => {
      await outside.auth.requestPasswordReset({ email })
      await world().work()
      await outside.auth.resetPassword({ token: world().mailer.tokenFor(email), password: `${chosen} ${word}` })
      await world().work()
    }
    await world().asSystem().users.update({ userId: user.id, allowedIps: elsewhere })
    await reset('one')
    expect(await codeOf(admin.as.users.update({ userId: user.id, allowedIps: [] }))).toBe('users.lockedByOperator')
    expect(await limit()).toEqual(elsewhere)
    await world().asSystem().users.update({ userId: user.id, allowedIps: [] })
    await admin.as.users.update({ userId: user.id, allowedIps: elsewhere })
    await reset('two')
    expect(await limit()).toEqual(elsewhere)
    await admin.as.users.update({ userId: user.id, allowedIps: [] })
    const opened = completed(await outside.auth.signIn({ identifier: email, password: `${chosen} two` }))
    const signedIn = await principalOf(opened.accessToken)
    await by(signedIn).users.updateCurrent({ allowedIps: elsewhere, force: true })
    await reset('three')
    expect(await limit()).toEqual([])
    expect(world().mailer.sent.findLast(({ to }) => to === email)?.text).toMatch(/from\s+anywhere\s+again/)
  })
})

describe('C11: superadmins who limit themselves', () => {
  const world = useWorld({ connections: 8 })
  const by = ({ principal }: SignedInUser) => world().core.as(userActor(principal), origin)
  const limit = (admin: SignedInUser, allowedIps = elsewhere) => codeOf(by(admin).users.updateCurrent({ allowedIps, force: true }))
  /** The only superadmins that there are. */
  const only = async (number: number): Promise<SignedInUser[]> => {
    const admins = await Promise.all(Array.from({ length: number }, () => world().asSuperadmin()))
    await world().rows(
      `update role_assignments set revoked_at = now() where role_id = ? and revoked_at is null and user_id <> all(?::uuid[]) returning 1`,
      [uuidOf(builtInRoles.superadmin.id), `{${admins.map(({ user }) => uuidOf(user.id)).join(',')}}`],
    )
    return admins
  }
  const free = () => world().rows(`update users set allowed_ips = '{}' where allowed_ips <> '{}' returning 1`)

  test('the last who can act from here may not shut out the address that they call from, nor give the role away', async () => {
    const [ada, bob] = (await only(2)) as [SignedInUser, SignedInUser]
    expect(await limit(ada)).toBe('done')
    expect(await limit(bob)).toBe('users.lastSuperadmin')
    expect(await codeOf(by(bob).users.demote({ userId: bob.user.id }))).toBe('users.lastSuperadmin')
    expect(await codeOf(by(bob).users.update({ userId: ada.user.id, allowedIps: [...elsewhere, '203.0.113.0/24'] }))).toBe('done')
    expect(await limit(bob, here)).toBe('done')
    await free()
    // The operator of the machine can undo whatever they do.
    for (const { user } of [ada, bob]) await world().asSystem().users.update({ userId: user.id, allowedIps: elsewhere })
    expect(await codeOf(world().asSystem().users.demote({ userId: bob.user.id }))).toBe('done')
    expect(await codeOf(world().asSystem().users.demote({ userId: ada.user.id }))).toBe('users.lastSuperadmin')
    await free()
    await world().asSystem().users.promote({ userId: bob.user.id })
  })

  test('of all who do it at once, one stays', async () => {
    const admins = await only(3)
    const gate = `select 1 from roles where id = '${uuidOf(builtInRoles.superadmin.id)}' for update`
    const results = await raced(
      world(),
      gate,
      admins.map((admin) => () => limit(admin)),
    )
    const codes = results.map((result) => (result.status === 'fulfilled' ? result.value : String(result.reason)))
    expect(codes.toSorted()).toEqual(['done', 'done', 'users.lastSuperadmin'])
  })
})
