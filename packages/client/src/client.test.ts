import { completed } from '@denizen/core/calls'
import { inspect } from 'node:util'
import { password } from '@denizen/core/testing'
import { beforeAll, describe, expect, it } from 'vitest'
import { useServer } from '../../api/src/testing/server.ts'
import { createClient, DenizenError, type Calls } from './index.ts'
import { failureOf, listeningFetch } from './testing/servers.ts'

const served = useServer()
const nobody = 'usr_01m7xam09pemxa9zmysc0m5hap'
const newName = () => `client-${crypto.randomUUID()}`

let admin: Calls
beforeAll(() => {
  admin = createClient({ url: served().server.url, token: served().admin.token })
})

async function made(username = newName()) {
  const user = await admin.users.create({ username })
  if (user === null) throw new Error('users.create answered null without ifAbsent')
  return user
}

describe('calls', () => {
  it('sign in with no token, and go on with the one they got', async () => {
    const { server, stranger } = served()
    const { accessToken, user } = completed(
      await createClient({ url: `${server.url}/` }).auth.signIn({
        identifier: stranger.user.username,
        password,
      }),
    )
    expect(user.id).toBe(stranger.user.id)
    expect((await createClient({ url: server.url, token: `${accessToken}\n` }).sessions.whoami()).user.id).toBe(stranger.user.id)
  })

  it('get instants as dates', async () => {
    const { createdAt, updatedAt, statusChangedAt } = await made()
    expect([createdAt, updatedAt, statusChangedAt]).toEqual([expect.any(Date), expect.any(Date), null])
    expect((await admin.sessions.whoami()).session?.expiresAt.getTime()).toBeGreaterThan(createdAt.getTime())
  })

  it('leave what is absent, clear what is null, set what has a value', async () => {
    const { id } = await made()
    await admin.users.update({ userId: id, fullName: 'Ada Lovelace', description: 'counts' })
    const { fullName, description, displayName } = await admin.users.update({
      userId: id,
      fullName: null,
      description: undefined,
      displayName: 'Ada',
    } as never)
    expect({ fullName, description, displayName }).toEqual({ fullName: null, description: 'counts', displayName: 'Ada' })
  })
})

describe('failures', () => {
  it.each([
    ['request.unauthenticated', 'unauthenticated', (anybody: Calls) => anybody.users.list()],
    ['request.denied', 'denied', (_: Calls, stranger: Calls) => stranger.users.list()],
    ['request.notFound', 'notFound', () => admin.users.get({ userId: nobody })],
    ['request.invalid', 'invalid', () => admin.users.get({ userId: 'ses_01m7xam09pemxa9zmysc0m5hap' as never })],
    ['request.invalid', 'invalid', () => admin.users.create({ username: newName(), role: 'superadmin' } as never)],
    ['auth.invalidCredentials', 'unauthenticated', (anybody: Calls) => anybody.auth.signIn({ identifier: 'nobody', password: 'x' })],
  ] as const)('are DenizenErrors by code and kind: %s, %s', async (code, kind, call) => {
    const { server, stranger } = served()
    const error = await failureOf(call(createClient({ url: server.url }), createClient({ url: server.url, token: stranger.token })))
    expect(error).toBeInstanceOf(DenizenError)
    expect({ code: error.code, kind: error.kind }).toEqual({ code, kind })
  })

  it('name the field, and say the same as core says in process', async () => {
    const input = { username: 'a b', email: 'nowhere' }
    const [there, here] = [await failureOf(admin.users.create(input)), await failureOf(served().admin.as.users.create(input))]
    expect(there.details['issues']).toMatchObject([{ path: 'email' }, { path: 'username' }])
    expect([there.code, there.message, there.details]).toEqual([here.code, here.message, here.details])
  })

  it('keep the request id for who looks for them in the log', async () => {
    const { cause } = await failureOf(admin.users.get({ userId: nobody }))
    expect(cause).toMatchObject({ data: { requestId: expect.stringMatching(/^req_/) as string } })
  })

  it('hold neither the password nor the token that was sent', async () => {
    const { server, stranger } = served()
    const canary = 'canary-in-the-password'
    const client = createClient({ url: server.url, token: stranger.token })
    const errors = [
      await failureOf(client.auth.signIn({ identifier: 'nobody', password: canary })),
      await failureOf(client.auth.signIn({ identifier: 'seen', password: canary, more: true } as never)),
      await failureOf(client.users.create({ username: newName(), password: canary }, { idempotencyKey: newName() })),
      await failureOf(client.users.find({ identifier: 'seen' })),
    ]
    // Printed, an error is a line: what it holds are its properties.
    const held = (error: Error) => Object.getOwnPropertyNames(error).map((name) => [name, error[name as keyof Error]])
    const told = errors.map((error) => inspect(held(error), { depth: Infinity, showHidden: true }))
    expect(told.at(-1)).toContain('seen') // an input that is no secret is found, so the search would find one that is
    for (const text of told) {
      expect(text).not.toContain(canary)
      expect(text).not.toContain(stranger.token)
    }
  })
})

describe('pages', () => {
  it('are every item of every page to iterate over, and the first one to await', async () => {
    const names = [newName(), newName(), newName(), newName(), newName()]
    for (const name of names) {
      served().world.clock.advance(1)
      await made(name)
    }
    const { heard, fetch } = listeningFetch()
    const pages = createClient({ url: served().server.url, token: served().admin.token, fetch }).users.list({ limit: 2, total: true })
    const first = await pages
    expect(first.items).toHaveLength(2)
    expect(heard).toHaveLength(1)
    const found: string[] = []
    for await (const { username } of pages) found.push(username)
    expect(found.slice(0, 5)).toEqual(names.toReversed())
    expect(found).toHaveLength(first.total ?? -1)
    expect(heard).toHaveLength(Math.ceil(found.length / 2))
  })

  it('end with the typed error of the page that failed', async () => {
    const { world, server } = served()
    const person = await world.asSuperadmin()
    const seen: string[] = []
    const error = await failureOf(
      (async () => {
        for await (const { id } of createClient({ url: server.url, token: person.token }).users.list({ limit: 1 })) {
          if (seen.push(id) === 1) await admin.users.setStatus({ userId: person.user.id, status: 'suspended' })
        }
      })(),
    )
    expect([seen.length, error.code]).toEqual([1, 'request.unauthenticated'])
  })
})

describe('a plan', () => {
  it('counts what would be written, and writes nothing', async () => {
    const { world } = served()
    const before = await world.counts()
    const plan = await admin.users.create.plan({ username: newName(), password })
    expect(plan).toMatchObject({
      rows: { users: { inserted: 1, updated: 0, deleted: 0 }, passwords: { inserted: 1 } },
      events: { 'users.created': 1 },
      sessionsEnded: 0,
    })
    expect(await world.counts()).toEqual(before)
  })

  it('foretells the sessions and tokens that end', async () => {
    const { user } = await served().world.signUp()
    const { sessionsEnded, tokensEnded } = await admin.users.setStatus.plan({ userId: user.id, status: 'suspended' })
    expect(await admin.users.setStatus({ userId: user.id, status: 'suspended' })).toMatchObject({ sessionsEnded, tokensEnded })
    expect([sessionsEnded, tokensEnded]).toEqual([1, 1])
  })

  it('fails as the command would, and is refused where it would be a way to guess', async () => {
    const { username } = await made()
    expect((await failureOf(admin.users.create.plan({ username }))).code).toBe('users.usernameTaken')
    expect((await failureOf(admin.auth.signIn.plan({ identifier: 'a', password: 'b' }))).code).toBe('request.notPlannable')
  })
})

describe('S9: case 66: on a way that drops all headers that it does not know', () => {
  /** What a proxy does that lets through what it was told of. */
  const dropping: typeof fetch = (input, init) => {
    const kept = [...new Headers(init?.headers)].filter(([name]) => ['authorization', 'content-type'].includes(name))
    return fetch(input, { ...init, headers: kept })
  }
  const through = (send: typeof fetch) => createClient({ url: served().server.url, token: served().admin.token, fetch: send })

  it('a plan carries nothing out', async () => {
    const before = await served().world.counts()
    expect((await through(dropping).users.create.plan({ username: newName() })).rows['users']).toMatchObject({ inserted: 1 })
    expect(await served().world.counts()).toEqual(before)
  })

  it('a key makes a repeat safe', async () => {
    const [input, options] = [{ username: newName() }, { idempotencyKey: newName() }]
    const first = await through(dropping).users.create(input, options)
    expect(await through(dropping).users.create(input, options)).toEqual(first)
  })

  it('an answer that is no plan is refused', async () => {
    const meddling: typeof fetch = (input, init) => fetch((input as string).replace('/plan.', '/'), init)
    const error = await failureOf(through(meddling).users.create.plan({ username: newName() }))
    expect(error).toMatchObject({ code: 'client.noPlan', kind: 'internal' })
  })
})

describe('R9: a command', () => {
  it('whose answer is lost says the key with which it can be repeated, and the repeat does nothing twice', async () => {
    let isLosing = true
    const losing: typeof fetch = async (input, init) => {
      const answer = await fetch(input, init)
      if (isLosing) throw new TypeError('fetch failed', { cause: Object.assign(new Error('gone'), { code: 'ECONNRESET' }) })
      return answer
    }
    const client = createClient({ url: served().server.url, token: served().admin.token, fetch: losing })
    const input = { username: newName() }
    const error = await failureOf(client.users.create(input))
    expect(error).toMatchObject({
      code: 'client.unreachable',
      details: { idempotencyKey: expect.stringMatching(/^[0-9a-f]{32}$/) as string },
    })
    isLosing = false
    const { idempotencyKey } = error.details as { idempotencyKey: string }
    expect(await client.users.create(input, { idempotencyKey })).toMatchObject(input)
    expect((await failureOf(client.users.create(input))).code).toBe('users.usernameTaken')
  })

  it('that takes no key has none', async () => {
    expect((await failureOf(createClient({ url: served().server.url }).auth.signIn({ identifier: 'a', password: 'b' }))).code).toBe(
      'auth.invalidCredentials',
    )
    expect((await admin.access.checkMany({ checks: [{ permission: 'users.get' }] })).allowed).toEqual([true])
  })
})

describe('an idempotency key', () => {
  it('gives the first answer again, to the millisecond, and makes nothing twice', async () => {
    const [input, options] = [{ username: newName() }, { idempotencyKey: newName() }]
    const first = await admin.users.create(input, options)
    const before = await served().world.counts()
    expect(await admin.users.create(input, options)).toEqual(first)
    expect((await served().world.counts())['users']).toBe(before['users'])
  })

  it('is a conflict with another input', async () => {
    const options = { idempotencyKey: newName() }
    await admin.users.create({ username: newName() }, options)
    expect(await failureOf(admin.users.create({ username: newName() }, options))).toMatchObject({
      code: 'request.idempotencyConflict',
      kind: 'conflict',
    })
  })

  it.each(['', 'a b', ' a', 'snow ☃', 'line\nbreak', 'k'.repeat(201)])(
    'that is none is refused as in process: %j',
    async (idempotencyKey) => {
      const before = await served().world.counts()
      const input = { username: newName() }
      const there = await failureOf(admin.users.create(input, { idempotencyKey }))
      const here = await failureOf(served().admin.as.users.create(input, { idempotencyKey }))
      expect([there.code, there.message, there.details]).toEqual([here.code, here.message, here.details])
      expect((await served().world.counts())['users']).toBe(before['users'])
    },
  )
})

describe('a version', () => {
  it('that is old is a conflict, and nothing is overwritten', async () => {
    const { id, version } = await made()
    await admin.users.update({ userId: id, version, fullName: 'first' })
    const error = await failureOf(admin.users.update({ userId: id, version, fullName: 'second' }))
    expect(error).toMatchObject({
      code: 'request.versionConflict',
      kind: 'conflict',
      details: { expected: version, current: version + 1 },
    })
    expect((await admin.users.get({ userId: id })).fullName).toBe('first')
  })
})
