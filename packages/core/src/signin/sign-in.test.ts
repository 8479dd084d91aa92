import { completed, argon2Hasher, uuidOf, type DenizenError, type Hasher } from '@denizen/core'
import { databases, cheapCost, password, useWorld, type World } from '@denizen/core/testing'
import { beforeEach, describe, expect, test } from 'vitest'
import { nameOfNobody } from '../login-history/index.ts'

/** Ten bytes of salt and what Keycloak's PBKDF2 makes of the password with it. */
async function pbkdf2(text: string, iterations = 10): Promise<string> {
  const salt = new Uint8Array(16).fill(7)
  const key = await crypto.subtle.importKey('raw', new TextEncoder().encode(text), 'PBKDF2', false, ['deriveBits'])
  const bits = await crypto.subtle.deriveBits({ name: 'PBKDF2', hash: 'SHA-256', salt, iterations }, key, 512)
  const base64 = (bytes: Uint8Array) => btoa(String.fromCharCode(...bytes)).replaceAll('=', '')
  return `$pbkdf2-sha256$i=${iterations}$${base64(salt)}$${base64(new Uint8Array(bits))}`
}

async function hashOf({ rows }: World, email: string | null): Promise<string | undefined> {
  const [row] = await rows<{ hash: string }>('select hash from passwords join users on id = user_id where email = ?', [email])
  return row?.hash
}

function setHash({ rows }: World, email: string | null, hash: string) {
  return rows('update passwords set hash = ? where user_id = (select id from users where email = ?) returning 1', [hash, email])
}

/** What a caller learns from a failure. */
async function failure(call: Promise<unknown>) {
  const { code, kind, message, details } = (await call.then(
    () => ({}),
    (error: unknown) => error,
  )) as DenizenError
  return { code, kind, message, details }
}

const refusal = { code: 'auth.invalidCredentials', kind: 'unauthenticated', message: 'The user or the password is wrong.', details: {} }

describe.each(databases)('on %s', (database) => {
  const world = useWorld({ database, settings: { defaultOrganization: 'default' } })
  const origin = { ip: '2001:db8::7', userAgent: 'a browser' }
  const signIn = async (identifier: string, typed: string = password) =>
    completed(await world().core.as({ kind: 'anonymous' }, origin).auth.signIn({ identifier, password: typed }))

  test('auth.signIn with the address, the username or the id opens a session', async () => {
    const user = await world().newUser({ username: `Grace-${database}` })
    for (const identifier of [user.email ?? '', ` ${user.email?.toUpperCase() ?? ''}`, user.username.toUpperCase(), user.id]) {
      const { user: who, session, accessToken, pendingSteps } = await signIn(identifier)
      expect(who).toEqual({ id: user.id, username: user.username })
      expect(session.expiresAt.getTime()).toBe(world().clock.now().getTime() + 14 * 24 * 3_600_000)
      expect(pendingSteps).toEqual([])
      const principal = await world().core.authenticate(accessToken)
      expect(principal).toMatchObject({ userId: user.id, sessionId: session.id, assurance: 'aal1', organization: { slug: 'default' } })
    }
    const rows = await world().rows(
      `select host(s.ip) as ip, s.user_agent, s.auth_methods, s.ended_at from sessions s join users u on u.id = user_id where email = ?`,
      [user.email],
    )
    expect(rows).toHaveLength(4)
    expect(rows[0]).toEqual({ ip: origin.ip, user_agent: origin.userAgent, auth_methods: ['pwd'], ended_at: null })
  })

  test('auth.signIn answers alike for a wrong password, an unknown user, one without a password and one who may not act', async () => {
    const [ada, passwordless] = [
      await world().newUser(),
      await world()
        .asSystem()
        .users.create({ username: `robot-${database}` }),
    ]
    const gone = await world().newUser()
    for (const call of [
      () => signIn(ada.email ?? '', `${password} `),
      () => signIn('nobody@example.com'),
      () => signIn('no body\u0000 at all'),
      () => signIn(passwordless?.username ?? ''),
    ])
      expect(await failure(call())).toEqual(refusal)
    for (const status of ['suspended', 'inactive', 'pending', 'archived']) {
      await world().rows(`update users set status = ?, archived_at = case when ? = 'archived' then now() end where email = ? returning 1`, [
        status,
        status,
        gone.email,
      ])
      expect(await failure(signIn(gone.email ?? ''))).toEqual(refusal)
      expect(await failure(signIn(gone.email ?? '', 'wrong'))).toEqual(refusal)
      await world().asSystem().auth.unlock({ userId: gone.id })
    }
    await world().rows(`update users set status = 'temporary', archived_at = null where email = ? returning 1`, [gone.email])
    expect((await signIn(gone.email ?? '')).user.id).toBe(gone.id)
  })

  test('auth.signIn writes every attempt into the history and the log, with no secret in either', async () => {
    const ada = await world().newUser()
    const secrets = [password, 'a wrong canary password', 'canary of nobody']
    const { accessToken } = await signIn(ada.email ?? '')
    await failure(signIn(ada.email ?? '', secrets[1]))
    await failure(signIn('ghost@example.com', secrets[2]))
    await world().asSystem().users.setStatus({ userId: ada.id, status: 'suspended' })
    await failure(signIn(ada.email ?? ''))
    expect(
      await world().rows(
        `select l.outcome, l.method, host(l.ip) as ip, u.username from login_attempts l left join users u on u.id = user_id
          where l.identifier in (?, ?) order by l.outcome`,
        [ada.email, await nameOfNobody(world().ports, 'ghost@example.com')],
      ),
    ).toEqual([
      { outcome: 'notActive', method: 'password', ip: origin.ip, username: ada.username },
      { outcome: 'succeeded', method: 'password', ip: origin.ip, username: ada.username },
      { outcome: 'unknownUser', method: 'password', ip: origin.ip, username: null },
      { outcome: 'wrongPassword', method: 'password', ip: origin.ip, username: ada.username },
    ])
    const entries = await world().rows(
      `select outcome, error_code, actor_kind from audit_entries where action = 'auth.signIn' and target_id = ? order by outcome`,
      [ada.id],
    )
    const refused = { outcome: 'refused', error_code: 'auth.invalidCredentials', actor_kind: 'anonymous' }
    expect(entries).toEqual([refused, refused, { outcome: 'succeeded', error_code: null, actor_kind: 'anonymous' }])
    const stored = await everything(world(), ['audit_entries', 'events', 'login_attempts', 'sessions', 'tokens', 'invalidations'])
    for (const secret of [...secrets, accessToken, accessToken.slice(-49), '$argon2']) expect(stored).not.toContain(secret)
    expect(JSON.stringify(world().logger.lines)).not.toContain('canary')
  })

  test('S25: a password that was typed in place of the name stands nowhere', async () => {
    const canary = `Corr3ct-horse-${database}`
    await failure(signIn(canary, 'x'))
    const stored = await everything(world(), ['audit_entries', 'events', 'login_attempts', 'throttles'])
    expect(stored).not.toContain(canary)
    expect((await world().asSystem().auth.listLoginHistory({ identifier: canary })).items).toMatchObject([
      { identifier: expect.stringMatching(/^unknown:/) as string, user: null, outcome: 'unknownUser' },
    ])
  })

  test('R11: a stranger who names nobody, or has to wait, leaves no entry in the audit log', async () => {
    const ada = await world().newUser()
    const about = `select count(*)::int as entries from audit_entries where action in ('auth.signIn', 'auth.refresh')`
    const [before] = await world().rows(about)
    await failure(signIn('nobody-by-that-name'))
    await failure(world().asAnonymous().auth.refresh({ refreshToken: 'rubbish' }))
    expect(await world().rows(about)).toEqual([before])
    for (let count = 0; count < 8; count++) await failure(signIn(ada.username, 'wrong'))
    expect(await failure(signIn(ada.username, 'wrong'))).toMatchObject({ code: 'auth.tooManyAttempts' })
    const entries = await world().rows(`select error_code from audit_entries where target_id = ? and action = 'auth.signIn'`, [ada.id])
    expect(new Set(entries.map((entry) => (entry as { error_code: string }).error_code))).toEqual(new Set(['auth.invalidCredentials']))
  })

  test('auth.signIn with a hash of Keycloak puts one of ours in its place, for the same password', async () => {
    const ada = await world().newUser()
    await setHash(world(), ada.email, await pbkdf2(password))
    expect(await failure(signIn(ada.email ?? '', 'another password'))).toEqual(refusal)
    expect(await hashOf(world(), ada.email)).toMatch(/^\$pbkdf2-sha256\$/)
    await signIn(ada.email ?? '')
    const upgraded = await hashOf(world(), ada.email)
    expect(upgraded).toMatch(/^\$argon2id\$v=19\$m=64,t=1,p=1\$/)
    await signIn(ada.email ?? '')
    expect(await hashOf(world(), ada.email)).toBe(upgraded) // made anew once, not at every sign-in
    expect(await failure(signIn(ada.email ?? '', 'another password'))).toEqual(refusal)
  })

  test('auth.signIn with a hash that is damaged or too dear answers as for a wrong password', async () => {
    const ada = await world().newUser()
    const good = await pbkdf2(password)
    const damaged = [good.slice(0, -1), `${good}AA`, good.replace('i=10$', 'i=9999999$'), good.replace('i=10$', 'i=0$')]
    for (const hash of [...damaged, '$pbkdf2-sha256$i=10$a$b', good.slice(0, -80), 'x', '']) {
      await setHash(world(), ada.email, hash)
      expect(await failure(signIn(ada.email ?? ''))).toEqual(refusal)
      await world().asSystem().auth.unlock({ userId: ada.id })
    }
  })

  test('auth.signOut ends this session and its token in every process, and no other', async () => {
    const user = await world().newUser()
    const [here, there] = [await world().signIn(user), await world().signIn(user)]
    const stranger = await world().signUp()
    expect(await here.as.auth.signOut()).toEqual({ sessionsEnded: 1, tokensEnded: 1 })
    expect(world().core.authenticated(here.token)).toBeUndefined()
    for (const core of [world().core, world().another({})]) {
      expect(await core.authenticate(here.token)).toBeNull()
      for (const { token } of [there, stranger]) expect(await core.authenticate(token)).not.toBeNull()
    }
    const ended = 'select end_reason, ended_at = ? as now from sessions s join users u on u.id = user_id where email = ? order by ended_at'
    expect(await world().rows(ended, [world().clock.now(), user.email])).toEqual([
      { end_reason: 'signedOut', now: true },
      { end_reason: null, now: null },
    ])
  })

  test('auth.signOut is told once: what is over cannot be ended again', async () => {
    const ada = await world().signUp()
    await ada.as.auth.signOut()
    const before = await world().counts()
    await expect(ada.as.auth.signOut()).rejects.toMatchObject({ code: 'request.unauthenticated', kind: 'unauthenticated' })
    expect({ ...(await world().counts()), audit_entries: 0 }).toEqual({ ...before, audit_entries: 0 })
    await expect(world().asAnonymous().auth.signOut()).rejects.toMatchObject({ code: 'request.unauthenticated' })
    const entries = `select outcome, error_code from audit_entries where action = 'auth.signOut' and actor_id = (select id from users where email = ?) order by outcome desc`
    expect(await world().rows(entries, [ada.user.email])).toEqual([
      { outcome: 'succeeded', error_code: null },
      { outcome: 'denied', error_code: 'request.unauthenticated' },
    ])
    expect(await world().rows(`select payload from events where type = 'auth.signedOut' and subject = ?`, [ada.user.id])).toEqual([
      { payload: { userId: ada.user.id, sessionId: ada.principal.sessionId } },
    ])
    expect(await world().rows('select keys from invalidations where ? = any(keys)', [ada.principal.sessionId])).toHaveLength(1)
  })
})

async function everything({ rows }: World, tables: readonly string[]): Promise<string> {
  const texts: string[] = []
  for (const table of tables) {
    const found = await rows<{ text: string }>(`select to_jsonb(t)::text as text from "${table}" t`)
    texts.push(...found.map(({ text }) => text))
  }
  return texts.join('\n')
}

describe('the hasher at a sign-in', () => {
  const verified: string[] = []
  const inner = argon2Hasher(cheapCost)
  const hasher: Hasher = { ...inner, verify: (hash, text) => (verified.push(hash), inner.verify(hash, text)) }
  const world = useWorld({ ports: { hasher }, connections: 24 })
  const signIn = async (identifier: string, typed: string = password) =>
    completed(await world().asAnonymous().auth.signIn({ identifier, password: typed }))
  beforeEach(async () => {
    await failure(signIn('nobody')) // the first sign-in makes the decoy, in the same queue
    verified.length = 0
  })

  test('checks one hash of the same cost, whoever asks: a decoy stands in for what is not there', async () => {
    const ada = await world().newUser()
    const passwordless = await world().asSystem().users.create({ username: 'robot' })
    await signIn(ada.id)
    for (const identifier of [ada.email ?? '', 'nobody@example.com', 'no body', passwordless?.username ?? '', '@'])
      await failure(signIn(identifier, 'wrong'))
    expect(verified).toHaveLength(6)
    const costs = verified.map((hash) => hash.split('$').slice(0, 4).join('$'))
    expect(new Set(costs)).toEqual(new Set(['$argon2id$v=19$m=64,t=1,p=1']))
    expect(new Set(verified.slice(2)).size).toBe(1)
    expect(verified[2]).not.toBe(verified[1])
  })

  test('that is full refuses to guess: passwords.busy, uncounted, the same for anybody', async () => {
    // Of one name one waits here at a time.
    const people = await Promise.all(Array.from({ length: 18 }, () => world().newUser()))
    const named = (n: number) => (n % 2 === 0 ? (people[n / 2]?.id ?? '') : `nobody-${n}`)
    const before = (await world().counts())['login_attempts'] ?? 0
    const dear = await argon2Hasher({ memory: 4096, iterations: 2 }).hash(password)
    const others = Array.from({ length: 32 }, () => inner.verify(dear, password))
    const answers = await Promise.all(Array.from({ length: 36 }, (_, n) => failure(signIn(named(n), 'wrong'))))
    await Promise.all(others)
    for (const parity of [0, 1]) expect(answers.filter((_, n) => n % 2 === parity).map(({ code }) => code)).toContain('passwords.busy')
    expect(answers.find(({ code }) => code === 'passwords.busy')).toMatchObject({ kind: 'unavailable', details: { retryAfter: 2 } })
    const refused = answers.filter(({ code }) => code !== 'passwords.busy')
    for (const answer of refused) expect(answer).toEqual(refusal)
    expect((await world().counts())['login_attempts']).toBe(before + refused.length)
    expect((await signIn(named(0))).user.id).toBe(named(0))
  })

  test('is not gone round by hashes of Keycloak: they wait in a bounded queue too', async () => {
    const [people, hash] = [await world().crowd(50), await pbkdf2(password, 40_000)]
    for (const { user } of people)
      await world().rows('insert into passwords (user_id, hash, changed_at) values (?, ?, now()) returning 1', [uuidOf(user.id), hash])
    const answers = await Promise.all(people.map(({ user }) => failure(signIn(user.id, 'wrong'))))
    expect(new Set(answers.map(({ code }) => code))).toEqual(new Set(['auth.invalidCredentials', 'passwords.busy']))
  })

  test('lets one user in from many places at once, also while the hash is replaced', async () => {
    for (let round = 0; round < 3; round++) {
      const ada = await world().newUser()
      await setHash(world(), ada.email, await pbkdf2(password))
      const answers = await Promise.all(Array.from({ length: 12 }, () => failure(signIn(ada.id))))
      expect(answers.map(({ code }) => code)).toEqual(Array.from({ length: 12 }, () => undefined))
      expect(await hashOf(world(), ada.email)).toMatch(/^\$argon2id\$/)
    }
  })

  test('does not let in with the old password who has just been given another one', async () => {
    const ada = await world().newUser()
    const slow: Hasher = {
      ...inner,
      async verify(hash, text) {
        const matches = await inner.verify(hash, text)
        await world().rows(`update passwords set hash = ?, changed_at = changed_at + interval '1 second' where hash = ? returning 1`, [
          await inner.hash('the new password of Ada'),
          hash,
        ])
        return matches
      },
    }
    const other = world().another({ ports: { hasher: slow } })
    expect(await failure(other.as({ kind: 'anonymous' }).auth.signIn({ identifier: ada.id, password }))).toEqual(refusal)
  })
})
