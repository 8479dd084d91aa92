import { userActor, uuidOf, type DenizenError, type Origin } from '@denizen/core'
import { databases, newEmail, password, useWorld, type SignedInUser } from '@denizen/core/testing'
import { describe, expect, test } from 'vitest'

const origin: Origin = { requestId: 'req_address', ip: null, userAgent: null, remote: true }

const codeOf = (call: Promise<unknown>) =>
  call.then(
    () => 'done',
    (error: DenizenError) => error.code,
  )

describe.each(databases)('ABUSE 61: a new address of one’s own on %s', (database) => {
  const world = useWorld({ database })
  const sentTo = (address: string | null) => world().mailer.sent.filter(({ to }) => to === address)
  const plan = (principal: SignedInUser['principal'], input: object) =>
    world().core.plan('users.updateCurrent', input, { actor: userActor(principal), origin })

  /** Somebody with a proved address who asks for another one. */
  async function asking(email = newEmail()) {
    const ada = await world().signUp({ emailVerified: true })
    const answer = await ada.as.users.updateCurrent({ email })
    await world().work()
    return { ada, old: ada.user.email ?? '', email, answer }
  }

  test('S3: is pending until its mail is followed: the old one stays, identifies, and is told', async () => {
    const { ada, old, email, answer } = await asking()
    expect(answer).toMatchObject({ email: old, emailVerified: true, pendingEmail: email })
    expect((await ada.as.users.current()).user).toMatchObject({ email: old, pendingEmail: email })
    expect(sentTo(old).map(({ subject }) => subject)).toEqual(['Somebody wants to change the address of your account'])
    expect(sentTo(email).map(({ subject }) => subject)).toEqual(['Confirm your new address'])
    // It identifies nobody: neither a sign-in, nor a search, nor a mail.
    expect(await codeOf(world().asAnonymous().auth.signIn({ identifier: email, password }))).toBe('auth.invalidCredentials')
    expect(await world().asSystem().users.find({ identifier: email })).toBeNull()
    await world().asAnonymous().auth.requestPasswordReset({ email })
    await world().asAnonymous().auth.requestMagicLink({ email })
    await world().work()
    expect(sentTo(email)).toHaveLength(1)
    expect(await world().asAnonymous().auth.signIn({ identifier: old, password })).toMatchObject({ status: 'signedIn' })
  })

  test('S3: replaces the old one when it is proved, which ends the other sessions and tells the old one', async () => {
    const { ada, old, email } = await asking()
    const other = await world().signIn(ada.user)
    expect(await world().core.authenticate(other.token)).not.toBeNull()
    const token = world().mailer.tokenFor(email)
    expect(await ada.as.auth.verifyEmail({ token })).toMatchObject({ status: 'verified', user: { id: ada.user.id, email } })
    await world().work()
    expect((await ada.as.users.current()).user).toMatchObject({ email, emailVerified: true, pendingEmail: null })
    expect(await world().core.authenticate(other.token)).toBeNull()
    expect(await world().core.authenticate(ada.token)).toMatchObject({ email })
    expect(sentTo(old).map(({ subject }) => subject)).toEqual([
      'Somebody wants to change the address of your account',
      'The address of your account was changed',
    ])
    expect(await codeOf(world().asAnonymous().auth.signIn({ identifier: old, password }))).toBe('auth.invalidCredentials')
    expect(await codeOf(ada.as.auth.verifyEmail({ token }))).toBe('auth.linkInvalid')
  })

  test('S3: whoever reads a mistyped mailbox gets nothing, and an account of their own if they sign up', async () => {
    const { ada, email } = await asking()
    const stranger = world().asAnonymous()
    const link = { token: world().mailer.tokenFor(email) }
    expect(await codeOf(stranger.auth.verifyEmail(link))).toBe('auth.proofNeeded')
    expect(await codeOf((await world().signUp()).as.auth.verifyEmail(link))).toBe('auth.proofNeeded')
    const { binding } = await stranger.auth.signUp({ email, password })
    await world().work()
    const signUp = { token: world().mailer.tokenFor(email), binding }
    const made = await stranger.auth.verifyEmail(signUp)
    expect(made).toMatchObject({ status: 'signedUp' })
    expect(made.user.id).not.toBe(ada.user.id)
    // From now on it is somebody else's: who has the link and the account is told, and nothing else changes.
    expect(await codeOf(ada.as.auth.verifyEmail(link))).toBe('auth.accountExists')
    expect((await ada.as.users.current()).user).toMatchObject({ email: ada.user.email, emailVerified: true, pendingEmail: email })
  })

  test('S2, S3: one answer and one plan, whether or not the address is taken; its owner is told by mail', async () => {
    const taken = await world().newUser({ emailVerified: true })
    const unproved = await world().newUser()
    const ada = await world().signUp({ emailVerified: true })
    await ada.as.users.updateCurrent({ email: newEmail() }) // the first one has nothing to take back
    const said = []
    for (const email of [newEmail(), taken.email ?? '', unproved.email ?? '', newEmail()]) {
      const planned = await plan(ada.principal, { email })
      const { pendingEmail, version: _, updatedAt: __, ...answer } = await ada.as.users.updateCurrent({ email })
      expect(pendingEmail).toBe(email)
      said.push({ planned, answer })
      await world().work()
    }
    for (const each of said) expect(each).toEqual(said[0])
    expect(sentTo(taken.email).map(({ subject }) => subject)).toEqual(['This address has an account already'])
    expect(sentTo(taken.email)[0]?.text).not.toMatch(/token=/)
  })

  test('is given up by setting the present one; the link is void then, also when the same address is asked for again', async () => {
    const { ada, old, email } = await asking()
    const first = world().mailer.tokenFor(email)
    const sent = world().mailer.sent.length
    expect(await ada.as.users.updateCurrent({ email: old })).toMatchObject({ email: old, emailVerified: true, pendingEmail: null })
    await world().work()
    expect(world().mailer.sent).toHaveLength(sent)
    expect(await codeOf(ada.as.auth.verifyEmail({ token: first }))).toBe('auth.linkInvalid')
    await ada.as.users.updateCurrent({ email })
    await world().work()
    expect(await codeOf(ada.as.auth.verifyEmail({ token: first }))).toBe('auth.linkInvalid')
    expect(await ada.as.auth.verifyEmail({ token: world().mailer.tokenFor(email) })).toMatchObject({ status: 'verified' })
  })

  test('its mail may be asked for again, where it is then confirmed; the password of the account does as well', async () => {
    const { ada, email } = await asking()
    const { binding } = await ada.as.auth.requestEmailVerification({})
    await world().work()
    const token = world().mailer.tokenFor(email)
    expect(await world().asAnonymous().auth.verifyEmail({ token, binding })).toMatchObject({ user: { id: ada.user.id, email } })
    const bob = await asking()
    expect(
      await world()
        .asAnonymous()
        .auth.verifyEmail({ token: world().mailer.tokenFor(bob.email), password }),
    ).toMatchObject({ user: { id: bob.ada.user.id } })
  })

  test('needs mail, and a recent proof of who asks; none where there was no address is told of it', async () => {
    const ada = await world().signUp({ username: `nameless-${crypto.randomUUID().slice(0, 8)}`, email: undefined })
    world().mailer.isConfigured = false
    expect(await codeOf(ada.as.users.updateCurrent({ email: newEmail() }))).toBe('mail.notConfigured')
    world().mailer.isConfigured = true
    const email = newEmail()
    expect(await ada.as.users.updateCurrent({ email })).toMatchObject({ email: null, emailVerified: false, pendingEmail: email })
    await world().work()
    await ada.as.auth.verifyEmail({ token: world().mailer.tokenFor(email) })
    expect((await ada.as.users.current()).user).toMatchObject({ email, emailVerified: true })
  })

  test('S3: an address that an operator sets counts at once, and the old one is told', async () => {
    const ada = await world().signUp({ emailVerified: true })
    const email = newEmail()
    await ada.as.users.updateCurrent({ email: newEmail() })
    await world().work()
    const before = sentTo(ada.user.email).length
    expect(await world().asSystem().users.update({ userId: ada.user.id, email })).toMatchObject({ email, emailVerified: false })
    await world().work()
    expect(
      sentTo(ada.user.email)
        .slice(before)
        .map(({ subject }) => subject),
    ).toEqual(['The address of your account was changed'])
    expect((await (await world().signIn(ada.user)).as.users.current()).user).toMatchObject({ email, pendingEmail: null })
  })

  test('S2: guests set neither an address nor a username, not even in a plan; they claim their account', async () => {
    const guest = await world().asAnonymous().auth.createAnonymous({})
    const principal = await world().core.authenticate(guest.accessToken)
    if (principal === null) throw new Error('a guest is signed in')
    const taken = await world().newUser({ emailVerified: true })
    const as = world().core.as(userActor(principal))
    for (const input of [{ email: newEmail() }, { email: taken.email ?? '' }, { username: 'free-name' }, { username: taken.username }]) {
      expect(await codeOf(as.users.updateCurrent(input))).toBe('users.claimFirst')
      expect(await codeOf(plan(principal, input))).toBe('users.claimFirst')
    }
    expect(await as.users.updateCurrent({ displayName: 'Guest' })).toMatchObject({ displayName: 'Guest' })
    // Nor does an operator set one: the database refuses a guest with an address.
    expect(await codeOf(world().asSystem().users.update({ userId: principal.userId, email: newEmail() }))).toBe('users.claimFirst')
    await expect(
      world().rows(`update users set email = ? where id = ? returning 1`, [newEmail(), uuidOf(principal.userId)]),
    ).rejects.toThrow(/users_anonymous_without_address/)
  })
})
