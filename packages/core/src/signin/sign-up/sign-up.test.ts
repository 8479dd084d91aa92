import { completed, idOf, uuidOf } from '@denizen/core'
import { databases, newEmail, password, useWorld, type World } from '@denizen/core/testing'
import { describe, expect, test } from 'vitest'

const another = 'quite another horse battery'
const rowsOf = ({ rows }: World, email: string) =>
  rows<{ id: string; username: string; email_verified: boolean; full_name: string | null }>(
    'select id::text, username, email_verified, full_name from users where email = ?',
    [email],
  )

/** Asks, and takes the link out of the mail. */
async function asked(world: World, email: string, input: object = {}) {
  const { binding } = await world.asAnonymous().auth.signUp({ email, password, ...input })
  await world.work()
  return { binding, token: world.mailer.tokenFor(email) }
}

const signsIn = (world: World, identifier: string, typed: string) => world.asAnonymous().auth.signIn({ identifier, password: typed })

describe.each(databases)('auth.signUp on %s', (database) => {
  const world = useWorld({ database })

  test('makes no account before the address is proved, and one with the typed password where it was typed', async () => {
    const email = newEmail()
    const { token, binding } = await asked(world(), email, {
      username: `Ada.${email.slice(7, 12)}`,
      fullName: 'Ada Lovelace',
      locale: 'de-CH',
    })
    expect(await rowsOf(world(), email)).toEqual([])
    await expect(signsIn(world(), email, password)).rejects.toMatchObject({ code: 'auth.invalidCredentials' })
    const done = await world().asAnonymous().auth.verifyEmail({ token, binding })
    expect(done).toMatchObject({ status: 'signedUp', user: { email }, redirectTo: null })
    expect(await rowsOf(world(), email)).toMatchObject([{ email_verified: true, full_name: 'Ada Lovelace' }])
    expect(completed(await signsIn(world(), done.user.username, password)).user.id).toBe(done.user.id)
    const [{ roles }] = (await world().rows(
      `select array_agg(r.name)::text as roles from role_assignments a join roles r on r.id = a.role_id where a.user_id = ?`,
      [uuidOf(done.user.id)],
    )) as [{ roles: string }]
    expect(roles).toBe('{user}')
  })

  test('26: without the other half of the link the password that was typed does not count: whoever has the link chooses one', async () => {
    const email = newEmail()
    // The attacker signs up with the victim's address; the victim follows the link in the mail.
    const { token } = await asked(world(), email)
    for (const binding of [undefined, 'dnz_verify_wrong'])
      await expect(
        world()
          .asAnonymous()
          .auth.verifyEmail({ token, ...(binding && { binding }) }),
      ).rejects.toMatchObject({ code: 'auth.passwordNeeded' })
    expect(await rowsOf(world(), email)).toEqual([])
    await expect(world().asAnonymous().auth.verifyEmail({ token, password: 'short' })).rejects.toMatchObject({ code: 'passwords.tooShort' })
    await world().asAnonymous().auth.verifyEmail({ token, password: another })
    await expect(signsIn(world(), email, password)).rejects.toMatchObject({ code: 'auth.invalidCredentials' })
    expect(completed(await signsIn(world(), email, another)).status).toBe('signedIn')
  })

  test('the link works once, for a day, and for the latest sign-up of an address as for those before, until one of them is used', async () => {
    const email = newEmail()
    const first = await asked(world(), email)
    const second = await asked(world(), email)
    const late = await asked(world(), newEmail())
    await world().asAnonymous().auth.verifyEmail(first)
    for (const used of [first, second])
      await expect(world().asAnonymous().auth.verifyEmail(used)).rejects.toMatchObject({ code: 'auth.linkInvalid' })
    world().clock.advance(24 * 60 * 60 * 1000)
    await expect(world().asAnonymous().auth.verifyEmail(late)).rejects.toMatchObject({ code: 'auth.linkInvalid' })
    await expect(world().asAnonymous().auth.viewVerification(late)).rejects.toMatchObject({ code: 'auth.linkInvalid' })
  })

  test('25: a known address gets the same answer; its owner is told by mail, and nothing about the account changes', async () => {
    const known = await world().newUser({ emailVerified: true })
    const email = known.email ?? ''
    const unknown = newEmail()
    const shape = (answer: object) =>
      Object.fromEntries(Object.entries(answer).map(([key, value]) => [key, String(value).replace(/_[0-9a-z]{26}_\w+$/, '')]))
    const answers = await Promise.all([email, unknown].map((to) => world().asAnonymous().auth.signUp({ email: to, password: another })))
    expect(shape(answers[0] ?? {})).toEqual(shape(answers[1] ?? {}))
    await world().work()
    const mail = world().mailer.sent.findLast(({ to }) => to === email)
    expect(mail?.subject).toBe('You have an account already')
    expect(mail?.text).toContain(`its username is “${known.username}”`)
    expect(world().mailer.sent.findLast(({ to }) => to === unknown)?.subject).toBe('Confirm your address to finish signing up')
    const token = world().mailer.tokenFor(email)
    expect(await world().asAnonymous().auth.viewVerification({ token })).toMatchObject({
      purpose: 'signUp',
      account: { username: known.username, emailVerified: true },
    })
    await expect(world().asAnonymous().auth.verifyEmail({ token, password: another })).rejects.toMatchObject({ code: 'auth.accountExists' })
    expect(completed(await signsIn(world(), email, password)).user.id).toBe(known.id)
  })

  test('26: an account that nobody has proved is taken over by whoever proves its address, and all that opened it before is gone', async () => {
    const owned = await world().signUp()
    const email = owned.user.email ?? ''
    const id = uuidOf(owned.user.id)
    const link = await owned.as.auth.requestEmailVerification({})
    await world().work()
    const old = { token: world().mailer.tokenFor(email), binding: link.binding }
    // Networks that only whoever waits there has: the owner would never get in.
    await world().rows(`update users set allowed_ips = '{198.51.100.0/24}' where id = ? returning 1`, [id])
    const { token, binding } = await asked(world(), email, { password: another })
    expect(await world().asAnonymous().auth.verifyEmail({ token, binding })).toMatchObject({
      status: 'takenOver',
      user: { id: owned.user.id },
    })
    expect(await world().core.authenticate(owned.token)).toBeNull()
    expect(await world().rows('select allowed_ips from users where id = ?', [id])).toEqual([{ allowed_ips: [] }])
    await expect(signsIn(world(), email, password)).rejects.toMatchObject({ code: 'auth.invalidCredentials' })
    await expect(world().asAnonymous().auth.verifyEmail(old)).rejects.toMatchObject({ code: 'auth.linkInvalid' })
    expect(completed(await signsIn(world(), email, another)).status).toBe('signedIn')
    expect(await rowsOf(world(), email)).toMatchObject([{ email_verified: true }])
  })

  test('an account with more rights is not handed over by its mere address, and one that may not act stays so', async () => {
    for (const [prepare, code] of [
      [
        (email: string) =>
          world().rows(
            `insert into role_assignments (id, subject_kind, user_id, role_id, scope_kind, valid_from, granted_at)
          select gen_random_uuid(), 'user', u.id, r.id, 'system', now() - interval '1 day', now() from users u, roles r where u.email = ? and r.name = 'monitor' returning 1`,
            [email],
          ),
        'auth.signInFirst',
      ],
      [
        (email: string) => world().rows(`update users set status = 'suspended' where email = ? returning 1`, [email]),
        'auth.accountInactive',
      ],
    ] as const) {
      const { email } = await world().newUser()
      if (email === null) throw new Error('it has an address')
      expect(await prepare(email)).toHaveLength(1)
      const link = await asked(world(), email, { password: another })
      await expect(world().asAnonymous().auth.verifyEmail(link)).rejects.toMatchObject({ code })
      expect(await rowsOf(world(), email)).toMatchObject([{ email_verified: false }])
      await expect(world().asAnonymous().auth.viewVerification(link)).resolves.toBeDefined()
    }
  })

  test('a username that was taken meanwhile is told to whoever has proved the address, who takes another', async () => {
    const { username } = await world().newUser()
    const email = newEmail()
    const link = await asked(world(), email, { username })
    await expect(world().asAnonymous().auth.verifyEmail(link)).rejects.toMatchObject({ code: 'users.usernameTaken' })
    expect(
      await world()
        .asAnonymous()
        .auth.verifyEmail({ ...link, username: `${username}2` }),
    ).toMatchObject({ user: { username: `${username}2` } })
  })

  test('joins the default organization, as whoever an operator makes does', async () => {
    const organizationId = await world().newOrganization()
    const [{ slug }] = (await world().rows('select slug from organizations where id = ?', [uuidOf(organizationId)])) as [{ slug: string }]
    const core = world().another({ settings: { defaultOrganization: slug } })
    const link = await asked(world(), newEmail())
    const { user } = await core.as({ kind: 'anonymous' }).auth.verifyEmail(link)
    const [membership] = await world().rows<{ id: string }>('select organization_id::text as id from memberships where user_id = ?', [
      uuidOf(user.id),
    ])
    expect(idOf('org', membership?.id ?? '')).toBe(organizationId)
  })

  test('closed is closed, before anything is hashed or mailed', async () => {
    const core = world().another({ settings: { signUp: 'closed' } })
    const email = newEmail()
    await expect(core.as({ kind: 'anonymous' }).auth.signUp({ email, password })).rejects.toMatchObject({
      code: 'auth.signUpClosed',
      kind: 'denied',
    })
    expect(await world().rows('select 1 from verifications where email = ?', [email])).toEqual([])
  })

  test('a weak password is refused, the same for every address', async () => {
    for (const email of [newEmail(), (await world().newUser()).email ?? ''])
      for (const [typed, code] of [
        ['too short', 'passwords.tooShort'],
        [`${email} ${email}`, 'passwords.tooPersonal'],
      ] as const)
        await expect(world().asAnonymous().auth.signUp({ email, password: typed })).rejects.toMatchObject({ code })
  })

  test('neither the password nor its hash, nor what else was asked for, waits in clear', async () => {
    const email = newEmail()
    await asked(world(), email, { fullName: 'Canary Fullname' })
    const [row] = await world().rows<Record<string, unknown>>(`select * from verifications where email = ?`, [email])
    expect(JSON.stringify(row)).not.toMatch(/argon2|canary/i)
    expect(row?.['sealed_payload']).toEqual(expect.any(String))
    expect(JSON.stringify(world().mailer.sent.filter(({ to }) => to === email))).not.toContain('Canary')
  })
})
