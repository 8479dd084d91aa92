import { completed } from '@denizen/core/calls'
import { password } from '@denizen/core/testing'
import { createTRPCClient, TRPCClientError } from '@trpc/client'
import { describe, expect, it } from 'vitest'
import { useServer } from '../../api/src/testing/server.ts'
import { createClient, denizenLinks, DenizenError, memorySession, type AppRouter } from './index.ts'
import { failureOf, listeningFetch, oddServer } from './testing/servers.ts'

const served = useServer()
const nobody = 'usr_01m7xam09pemxa9zmysc0m5hap'

describe('calls of one tick', () => {
  it('travel together, each with its own outcome, queries apart from commands', async () => {
    const { server, stranger } = served()
    const { heard, fetch } = listeningFetch()
    const client = createClient({ url: server.url, token: stranger.token, fetch })
    const outcomes = await Promise.allSettled([
      client.sessions.whoami(),
      client.users.list(),
      client.users.current(),
      client.auth.signIn({ identifier: 'nobody', password: 'x' }),
    ])
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'rejected'])
    expect(heard.toSorted()).toEqual(['GET sessions.whoami,users.list,users.current', 'POST auth.signIn'])
  })

  it('travel in as many requests as the server takes', async () => {
    const { server, stranger } = served()
    const { heard, fetch } = listeningFetch()
    const client = createClient({ url: server.url, token: stranger.token, fetch })
    const answers = await Promise.all(Array.from({ length: 45 }, () => client.sessions.whoami()))
    expect(new Set(answers.map(({ user }) => user.id))).toEqual(new Set([stranger.user.id]))
    expect(heard.map((names) => names.split(',').length)).toEqual([20, 20, 5])
  })

  it('S9: say in the path and the body whether they are a plan, and which key they have', async () => {
    const { server, admin } = served()
    const { heard, fetch } = listeningFetch()
    const { users } = createClient({ url: server.url, token: admin.token, fetch })
    const username = () => `link-${crypto.randomUUID()}`
    const [keyed, planned, plain, other] = await Promise.all([
      users.create({ username: username() }, { idempotencyKey: username() }),
      users.create.plan({ username: username() }),
      users.create({ username: username() }),
      users.create({ username: username() }),
    ])
    expect([keyed, plain, other].every((user) => user?.createdAt instanceof Date)).toBe(true)
    expect(planned.rows['users']).toEqual({ inserted: 1, updated: 0, deleted: 0 })
    expect(heard).toEqual(['POST once.users.create,plan.users.create,once.users.create,once.users.create'])
  })

  it('with an input too long for a query fail alone, typed', async () => {
    const { server, admin } = served()
    const client = createClient({ url: server.url, token: admin.token })
    const [whoami, error] = await Promise.all([
      client.sessions.whoami(),
      failureOf(client.users.find({ identifier: 'x'.repeat(1024 * 1024) })),
    ])
    expect(whoami.user.id).toBe(admin.user.id)
    expect(error).toMatchObject({ code: 'request.urlTooLong', kind: 'tooLarge' })
    expect((await failureOf(client.users.find({ identifier: 'x'.repeat(3000) }))).details['issues']).toMatchObject([{ path: 'identifier' }])
  })
})

it('a key that superjson does not write is told as that, and nothing is sent', async () => {
  const { server, admin } = served()
  const { heard, fetch } = listeningFetch()
  const { users } = createClient({ url: server.url, token: admin.token, fetch })
  const error = await failureOf(users.create({ username: 'x', publicMetadata: JSON.parse('{"constructor":1}') as Record<string, number> }))
  expect(error).toMatchObject({ code: 'request.invalid', message: expect.stringContaining('constructor') as string })
  expect(heard).toEqual([])
})

describe('a token', () => {
  it('given as a function is asked for before every request, and may change', async () => {
    const { world, server } = served()
    const person = await world.signUp()
    const tokens = [person.token, null, (await world.signIn(person.user)).token]
    const asked: (string | null | undefined)[] = []
    const client = createClient({ url: server.url, token: async () => tokens[asked.push(tokens[asked.length]) - 1] ?? null })
    const [one, two] = await Promise.all([client.sessions.whoami(), client.users.current()])
    expect([one.user.id, two.user.id, asked.length]).toEqual([person.user.id, person.user.id, 1])
    expect((await failureOf(client.sessions.whoami())).code).toBe('request.unauthenticated')
    expect((await client.sessions.whoami()).session?.id).not.toBe(one.session?.id)
    expect(asked).toEqual(tokens)
  })

  it('that its function cannot get is an error with its reason, and no request', async () => {
    const { heard, fetch } = listeningFetch()
    const reason = new Error('the vault is closed')
    const error = await failureOf(createClient({ url: served().server.url, token: () => Promise.reject(reason), fetch }).sessions.whoami())
    expect(error).toBeInstanceOf(DenizenError)
    expect(error).toMatchObject({ code: 'client.noToken', kind: 'unauthenticated', cause: reason })
    expect(heard).toEqual([])
  })

  it('whose function calls Denizen fails as that call did', async () => {
    const { server } = served()
    const signIn = async () =>
      completed(await createClient({ url: server.url }).auth.signIn({ identifier: 'nobody', password: 'x' })).accessToken
    expect((await failureOf(createClient({ url: server.url, token: signIn }).sessions.whoami())).code).toBe('auth.invalidCredentials')
  })
})

describe('denizenLinks in a plain tRPC client', () => {
  const clientOf = (token: string | null, fetch = globalThis.fetch) =>
    createTRPCClient<AppRouter>({ links: denizenLinks({ url: served().server.url, token, fetch }) })

  it('ask and command, with dates, in batches', async () => {
    const { admin } = served()
    const { heard, fetch } = listeningFetch()
    const client = clientOf(admin.token, fetch)
    const [whoami, current] = await Promise.all([client.sessions.whoami.query(), client.users.current.query({})])
    expect([whoami.session?.expiresAt, current.user.createdAt]).toEqual([expect.any(Date), expect.any(Date)])
    expect(heard).toEqual(['GET sessions.whoami,users.current'])
    const renamed = await client.users.update.mutate({ userId: admin.user.id, displayName: 'Boss' })
    expect([renamed.displayName, renamed.updatedAt]).toEqual(['Boss', expect.any(Date)])
  })

  it('give failures with what Denizen says of them', async () => {
    const error: unknown = await failureOf(clientOf(served().admin.token).users.get.query({ userId: nobody }))
    expect(error).toBeInstanceOf(TRPCClientError)
    expect((error as TRPCClientError<AppRouter>).data?.domain).toEqual({
      code: 'request.notFound',
      kind: 'notFound',
      details: { type: 'user' },
    })
  })

  it('S9: case 66: make a plan, and repeat a key, if the context of a call says so', async () => {
    const { admin, world } = served()
    const { users } = clientOf(admin.token)
    const before = await world.counts()
    const plan: unknown = await users.create.mutate({ username: 'never-made' }, { context: { plan: true } })
    expect(plan).toMatchObject({ rows: { users: { inserted: 1 } } })
    await expect(users.create.mutate({ username: 'never-made' }, { context: { headers: { 'denizen-plan': 'true' } } })).rejects.toThrow(
      'Headers of single calls are not sent',
    )
    expect(await world.counts()).toEqual(before)
    const once = () => users.create.mutate({ username: 'made-once' }, { context: { idempotencyKey: 'made-once' } })
    expect(await once()).toEqual(await once())
  })

  it('O18: keep a session: refresh it once for all calls, also those of another client with the same links', async () => {
    const { world, server } = served()
    const user = await world.newUser()
    const { heard, fetch } = listeningFetch()
    const store = memorySession()
    const links = denizenLinks({ url: server.url, session: store, fetch })
    const [one, other] = [createTRPCClient<AppRouter>({ links }), createTRPCClient<AppRouter>({ links })]
    await one.auth.signIn.mutate({ identifier: user.id, password })
    world.clock.advance(2 * 3_600_000)
    heard.length = 0
    const calls = [one.sessions.whoami.query(), other.users.updateCurrent.mutate({ displayName: 'Ada' }), other.users.current.query({})]
    await Promise.all(calls)
    expect(heard.filter((request) => request === 'POST auth.refresh')).toHaveLength(1)
    await other.auth.signOut.mutate({}, { context: { plan: true } })
    expect(await store.load()).not.toBeNull()
    await other.auth.signOut.mutate({})
    expect(await store.load()).toBeNull()
    expect((await failureOf(one.sessions.whoami.query())) as unknown).toMatchObject({
      data: { domain: { code: 'request.unauthenticated' } },
    })
  })

  it('O18: give the error of a store that failed as the cause', async () => {
    const reason = new Error('the disk is full')
    const links = denizenLinks({ url: served().server.url, session: { load: () => Promise.reject(reason), save: () => {} } })
    const error: unknown = await failureOf(createTRPCClient<AppRouter>({ links }).sessions.whoami.query())
    expect(error).toBeInstanceOf(TRPCClientError)
    expect((error as Error).cause).toMatchObject({ code: 'client.sessionStore', cause: reason })
  })

  it('give a call up when its signal says so', async () => {
    const arrived = Promise.withResolvers<void>()
    const left = Promise.withResolvers<void>()
    const silent = await oddServer((request) => {
      arrived.resolve()
      request.socket.once('close', () => left.resolve())
    })
    const given = new AbortController()
    const client = createTRPCClient<AppRouter>({ links: denizenLinks({ url: silent.url }) })
    const failure = failureOf(client.sessions.whoami.query(undefined, { signal: given.signal }))
    await arrived.promise
    given.abort()
    expect(await failure).toBeInstanceOf(TRPCClientError)
    await left.promise // the request itself is ended, not only the wait for it
    await silent.close()
  })
})
