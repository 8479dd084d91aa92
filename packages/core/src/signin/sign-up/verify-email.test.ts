import { completed, uuidOf } from '@denizen/core'
import { databases, newEmail, password, type SignedInUser, useWorld, type World } from '@denizen/core/testing'
import { describe, expect, test } from 'vitest'

async function asked({ as, user }: SignedInUser, world: World) {
  const { binding } = await as.auth.requestEmailVerification({})
  await world.work()
  return { binding, token: world.mailer.tokenFor(user.email ?? '') }
}

const isVerified = async ({ rows }: World, { user }: SignedInUser) => {
  const [row] = await rows<{ verified: boolean }>('select email_verified as verified from users where id = ?', [uuidOf(user.id)])
  return row?.verified
}

describe.each(databases)('confirming an address on %s', (database) => {
  const world = useWorld({ database })

  test('works where it was asked for, once, and lets a session go on that owed it', async () => {
    const core = world().another({ settings: { requireVerifiedEmail: true } })
    const owned = await world().signUp()
    const token = async () => {
      const principal = await core.authenticate(owned.token)
      if (principal === null) throw new Error('the session goes on')
      return principal
    }
    expect((await token()).pendingSteps).toEqual(['verifyEmail'])
    const as = core.as({ kind: 'user', principal: await token() })
    await expect(as.organizations.create({ name: 'Not yet' })).rejects.toMatchObject({ code: 'auth.stepRequired' })
    const { binding } = await as.auth.requestEmailVerification({})
    await world().work()
    const link = { binding, token: world().mailer.tokenFor(owned.user.email ?? '') }
    expect(await core.as({ kind: 'anonymous' }).auth.verifyEmail(link)).toMatchObject({ status: 'verified', user: { id: owned.user.id } })
    expect((await token()).pendingSteps).toEqual([])
    await expect(core.as({ kind: 'anonymous' }).auth.verifyEmail(link)).rejects.toMatchObject({ code: 'auth.linkInvalid' })
    await expect(owned.as.auth.requestEmailVerification({})).rejects.toMatchObject({ code: 'auth.alreadyVerified' })
  })

  test('26: whoever only has the link confirms nothing: the account may be somebody else’s', async () => {
    const owned = await world().signUp()
    const { token } = await asked(owned, world())
    const stranger = await world().signUp()
    for (const calls of [world().asAnonymous(), stranger.as])
      await expect(calls.auth.verifyEmail({ token })).rejects.toMatchObject({ code: 'auth.proofNeeded' })
    await expect(world().asAnonymous().auth.verifyEmail({ token, binding: token })).rejects.toMatchObject({ code: 'auth.proofNeeded' })
    expect(await isVerified(world(), owned)).toBe(false)
    await expect(world().asAnonymous().auth.verifyEmail({ token, password: 'not the password of it' })).rejects.toMatchObject({
      code: 'auth.invalidCredentials',
    })
    await world().asAnonymous().auth.verifyEmail({ token, password })
    expect(await isVerified(world(), owned)).toBe(true)
  })

  test('its user confirms it signed in, also elsewhere', async () => {
    const owned = await world().signUp()
    const { token } = await asked(owned, world())
    expect(await owned.as.auth.verifyEmail({ token })).toMatchObject({ status: 'verified' })
  })

  test('guesses of the password are counted as those at a sign-in', async () => {
    const owned = await world().signUp()
    const { token } = await asked(owned, world())
    const origin = { requestId: 'req', ip: '192.0.2.7', userAgent: null, remote: true as const }
    const guess = (typed: string) => world().core.as({ kind: 'anonymous' }, origin).auth.verifyEmail({ token, password: typed })
    for (let count = 0; count < 5; count++)
      await expect(guess('a wrong password of it')).rejects.toMatchObject({ code: 'auth.invalidCredentials' })
    await expect(guess(password)).rejects.toMatchObject({ code: 'auth.tooManyAttempts' })
    expect(
      await world().rows(`select 1 from login_attempts where user_id = ? and outcome = 'wrongPassword'`, [uuidOf(owned.user.id)]),
    ).toHaveLength(5)
  })

  test('8: another address takes back the links to the old one, whoever changes it', async () => {
    const admin = await world().asSuperadmin()
    for (const change of [
      ({ user }: SignedInUser) => admin.as.users.update({ userId: user.id, email: newEmail() }),
      // Past the action that takes them back: the link itself is for one address.
      ({ user }: SignedInUser) => world().rows('update users set email = ? where id = ? returning 1', [newEmail(), uuidOf(user.id)]),
    ]) {
      const owned = await world().signUp()
      const link = await asked(owned, world())
      await change(owned)
      await expect(world().asAnonymous().auth.verifyEmail(link)).rejects.toMatchObject({ code: 'auth.linkInvalid' })
      expect(await isVerified(world(), owned)).toBe(false)
    }
  })

  test('8: nor does the old link work when the old address comes back', async () => {
    const owned = await world().signUp()
    const old = owned.user.email ?? ''
    const link = await asked(owned, world())
    for (const email of [newEmail(), old]) await world().asSystem().users.update({ userId: owned.user.id, email })
    await expect(world().asAnonymous().auth.verifyEmail(link)).rejects.toMatchObject({ code: 'auth.linkInvalid' })
  })

  test('8: another address wants a fresh proof, and ends the other sessions', async () => {
    const owned = await world().signUp()
    await world().asSystem().users.update({ userId: owned.user.id, email: newEmail() })
    expect(await world().core.authenticate(owned.token)).toBeNull()
    const late = await world().signUp()
    world().clock.advance(6 * 60_000)
    await expect(late.as.users.updateCurrent({ email: newEmail() })).rejects.toMatchObject({ code: 'auth.freshProofRequired' })
    await expect(late.as.users.updateCurrent({ email: late.user.email, displayName: 'Late' })).resolves.toMatchObject({
      displayName: 'Late',
    })
  })

  test('goes to nobody’s address but one’s own, and only where there is one', async () => {
    const user = await world().newUser({ username: `nameless-${crypto.randomUUID().slice(0, 8)}` })
    await world().rows('update users set email = null where id = ? returning 1', [uuidOf(user.id)])
    const { as } = await world().signIn(user)
    await expect(as.auth.requestEmailVerification({})).rejects.toMatchObject({ code: 'auth.noAddress' })
    await expect(as.auth.requestEmailCode({ purpose: 'reauthenticate' })).rejects.toMatchObject({ code: 'auth.noAddress' })
    await expect(world().asAnonymous().auth.requestEmailVerification({})).rejects.toMatchObject({ code: 'request.unauthenticated' })
    await expect(world().asAnonymous().auth.requestEmailCode({ purpose: 'reauthenticate' })).rejects.toMatchObject({
      code: 'request.unauthenticated',
    })
  })

  test('a link is good for what it was made for only', async () => {
    const owned = await world().signUp({ emailVerified: true })
    const email = owned.user.email ?? ''
    const { binding } = await world().asAnonymous().auth.requestMagicLink({ email })
    await world().work()
    const token = world().mailer.tokenFor(email)
    await expect(world().asAnonymous().auth.verifyEmail({ token, binding })).rejects.toMatchObject({ code: 'auth.linkInvalid' })
    for (const forged of ['', 'x', owned.token, binding, token.replace('verify', 'invite'), token.slice(0, -1), `${token}0`])
      await expect(
        world()
          .asAnonymous()
          .auth.signInWithMagicLink({ token: forged || '-', binding }),
      ).rejects.toMatchObject({ code: 'auth.linkInvalid' })
    expect(completed(await world().asAnonymous().auth.signInWithMagicLink({ token, binding })).user.id).toBe(owned.user.id)
  })
})
