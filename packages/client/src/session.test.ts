import { password, SoftAuthenticator } from '@denizen/core/testing'
import { afterEach, describe, expect, it } from 'vitest'
import { useServer } from '../../api/src/testing/server.ts'
import { createClient, memorySession, type SessionStore, type SessionTokens } from './index.ts'
import { failureOf, listeningFetch, oddServer } from './testing/servers.ts'

const hour = 3_600_000
const origin = 'https://users.example.com'
const served = useServer({ world: { settings: { publicUrl: origin } } })

/** A client that has just signed in, its store, and what it has asked since. */
async function signedIn() {
  const user = await served().world.newUser()
  const saved: (SessionTokens | null)[] = []
  const memory = memorySession()
  const store: SessionStore = { load: memory.load, save: (tokens) => void (saved.push(tokens), memory.save(tokens)) }
  const { heard, fetch } = listeningFetch()
  const client = createClient({ url: served().server.url, session: store, fetch })
  await client.auth.signIn({ identifier: user.id, password })
  heard.length = 0
  return { user, client, store, saved, heard, fetch }
}

const current = async (store: SessionStore): Promise<SessionTokens> => {
  const tokens = await store.load()
  if (tokens === null) throw new Error('nobody is signed in')
  return tokens
}

/** As if it would end this very moment, by the clock of this machine. */
const ageing = async (store: SessionStore) => store.save({ ...(await current(store)), accessTokenExpiresAt: new Date().toISOString() })

describe('a client with a session', () => {
  it('keeps it from the sign-in on, and lets go of it when it is signed out', async () => {
    const { client, store, saved, user } = await signedIn()
    expect(saved).toEqual([
      {
        accessToken: expect.stringMatching(/^dnz_access_/) as string,
        refreshToken: expect.stringMatching(/^dnz_refresh_/) as string,
        accessTokenExpiresAt: expect.any(Date) as Date,
      },
    ])
    expect((await client.sessions.whoami()).user.id).toBe(user.id)
    await client.auth.signOut()
    expect([saved.length, await store.load()]).toEqual([2, null])
    expect((await failureOf(client.sessions.whoami())).code).toBe('request.unauthenticated')
  })

  it('S16: is opened by a passkey too, and lets go of an impersonation that is stopped', async () => {
    const { world, admin, stranger, server } = served()
    const [ada, key, store] = [await world.signUp(), new SoftAuthenticator({ origin }), memorySession()]
    const registration = await ada.as.passkeys.beginRegistration({})
    await ada.as.passkeys.finishRegistration({ challenge: registration.challenge, response: await key.create(registration.options) })
    const client = createClient({ url: server.url, session: store })
    const { challenge, options } = await client.passkeys.beginSignIn({})
    await client.passkeys.finishSignIn({ challenge, response: await key.get(options) })
    expect((await client.sessions.whoami()).user.id).toBe(ada.user.id)
    const impersonation = memorySession(await admin.as.auth.impersonate({ userId: stranger.user.id, reason: 'ticket 4711' }))
    await createClient({ url: server.url, session: impersonation }).auth.stopImpersonating()
    expect(await impersonation.load()).toBeNull()
  })

  it('refreshes when a call is turned away, and sends it again: once', async () => {
    const { client, store, heard, user } = await signedIn()
    const before = await current(store)
    served().world.clock.advance(2 * hour)
    expect((await client.users.updateCurrent({ displayName: 'Ada' })).id).toBe(user.id)
    expect(heard).toEqual(['POST once.users.updateCurrent', 'POST auth.refresh', 'POST once.users.updateCurrent'])
    const after = await current(store)
    expect([after.accessToken === before.accessToken, after.refreshToken === before.refreshToken]).toEqual([false, false])
    await client.sessions.whoami()
    expect(heard).toHaveLength(4)
  })

  it('refreshes once for all the calls that need it, whether they go together or not', async () => {
    const { client, heard } = await signedIn()
    served().world.clock.advance(2 * hour)
    const calls = Array.from({ length: 30 }, () => [client.sessions.whoami(), client.users.updateCurrent({ displayName: 'Ada' })]).flat()
    await Promise.all(calls)
    expect(heard.filter((request) => request === 'POST auth.refresh')).toHaveLength(1)
  })

  it('refreshes beforehand when the token is about to end, also when the store keeps text', async () => {
    const { client, store, heard } = await signedIn()
    await ageing(store)
    await Promise.all([client.sessions.whoami(), client.users.updateCurrent({ displayName: 'Ada' }), client.auth.signOut.plan()])
    await client.sessions.whoami()
    expect(heard.filter((request) => request === 'POST auth.refresh')).toHaveLength(1)
    expect([heard[0], heard.length]).toEqual(['POST auth.refresh', 4])
  })

  it('takes what another window with the same store has got meanwhile', async () => {
    const { client, store, heard } = await signedIn()
    await client.sessions.whoami()
    heard.length = 0
    served().world.clock.advance(2 * hour)
    const other = createClient({ url: served().server.url, session: store })
    await other.sessions.whoami()
    await client.sessions.whoami()
    expect(heard).toEqual(['GET sessions.whoami'])
  })

  it('does not refresh again when another window was faster while the call was under way', async () => {
    const { store } = await signedIn()
    const { url } = served().server
    served().world.clock.advance(2 * hour)
    const { heard, fetch: listened } = listeningFetch()
    let overtaken = false
    const slow: typeof fetch = async (...request) => {
      if (!overtaken) {
        overtaken = true
        await createClient({ url, session: store }).sessions.whoami()
      }
      return listened(...request)
    }
    await createClient({ url, session: store, fetch: slow }).sessions.whoami()
    expect(heard).toEqual(['GET sessions.whoami', 'GET sessions.whoami'])
  })

  it('when the session is over, fails as the call did, tells the store, and asks no more', async () => {
    const { client, store, heard, saved, user } = await signedIn()
    await served().world.asSystem().sessions.endAll({ userId: user.id })
    expect(await failureOf(client.sessions.whoami())).toMatchObject({ code: 'request.unauthenticated' })
    expect(heard).toEqual(['GET sessions.whoami', 'POST auth.refresh'])
    expect([saved.at(-1), await store.load()]).toEqual([null, null])
    expect(await failureOf(client.sessions.whoami())).toMatchObject({ code: 'request.unauthenticated' })
    expect(heard).toHaveLength(3)
  })

  it('when it cannot be refreshed for another reason, fails as the call did and keeps the tokens', async () => {
    const { store } = await signedIn()
    const before = await store.load()
    served().world.clock.advance(2 * hour)
    const { url } = served().server
    const failing = async (...[input, init]: Parameters<typeof fetch>) => {
      if ((input instanceof Request ? input.url : input.toString()).includes('auth.refresh')) throw new TypeError('fetch failed')
      return fetch(input, init)
    }
    const client = createClient({ url, session: store, fetch: failing })
    expect(await failureOf(client.sessions.whoami())).toMatchObject({ code: 'request.unauthenticated' })
    expect(await store.load()).toEqual(before)
    expect(await createClient({ url, session: store }).sessions.whoami()).toBeDefined()
  })

  it('does not refresh for a wrong password, nor send a command again that failed otherwise', async () => {
    const { client, heard, user } = await signedIn()
    expect((await failureOf(client.auth.signIn({ identifier: user.id, password: 'wrong' }))).code).toBe('auth.invalidCredentials')
    expect((await failureOf(client.users.get({ userId: served().admin.user.id }))).code).toBe('request.notFound')
    expect(heard).toEqual(['POST auth.signIn', 'GET users.get'])
  })

  it('says that its store failed, and why', async () => {
    const reason = new Error('the disk is full')
    const { url } = served().server
    const unreadable = createClient({ url, session: { load: () => Promise.reject(reason), save: () => {} } })
    expect(await failureOf(unreadable.sessions.whoami())).toMatchObject({ code: 'client.sessionStore', cause: reason })
    const user = await served().world.newUser()
    const unwritable = createClient({ url, session: { load: () => null, save: () => Promise.reject(reason) } })
    expect(await failureOf(unwritable.auth.signIn({ identifier: user.id, password }))).toMatchObject({ code: 'client.sessionStore' })
  })

  it('takes no token besides', () => {
    const both = () => createClient({ url: served().server.url, token: 'dnz_access_x', session: memorySession() })
    expect(both).toThrow(expect.objectContaining({ code: 'client.twoCredentials' }) as Error)
  })
})

describe('a client whose session is in cookies', () => {
  /** A browser, as far as cookies go. */
  function browser() {
    const jar = new Map<string, string>()
    const requests: { path: string; init: RequestInit }[] = []
    const browse: typeof fetch = async (input, init = {}) => {
      const headers = new Headers(init.headers)
      if (init.credentials === 'include') headers.set('cookie', [...jar].map(([name, value]) => `${name}=${value}`).join('; '))
      if (init.method === 'POST') headers.set('origin', origin)
      requests.push({ path: new URL(input instanceof Request ? input.url : input).pathname.replace('/trpc/', ''), init })
      const response = await fetch(input, { ...init, headers })
      for (const line of response.headers.getSetCookie()) {
        const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
        if (value === '') jar.delete(name)
        else jar.set(name, value)
      }
      return response
    }
    return { jar, requests, fetch: browse }
  }

  it('signs in, is refreshed and signs out, and never sees a token', async () => {
    const { world, server } = served()
    const user = await world.newUser()
    const { jar, requests, fetch: browse } = browser()
    const client = createClient({ url: server.url, session: 'cookie', fetch: browse })
    expect(await client.auth.signIn({ identifier: user.id, password })).toMatchObject({ accessToken: '(cookie)', refreshToken: '(cookie)' })
    expect([...jar.keys()]).toEqual(['__Host-denizen', '__Host-denizen-refresh'])
    expect((await client.sessions.whoami()).user.id).toBe(user.id)
    const before = new Map(jar)
    world.clock.advance(2 * hour)
    requests.length = 0
    const calls = await Promise.all([client.sessions.whoami(), client.users.updateCurrent({ displayName: 'Ada' })])
    expect(calls[0].user.id).toBe(user.id)
    expect(requests.filter(({ path }) => path === 'auth.refresh')).toHaveLength(1)
    expect([...jar.keys()]).toEqual([...before.keys()])
    expect([...jar.values()].some((value) => [...before.values()].includes(value))).toBe(false)
    await client.auth.signOut()
    expect(jar.size).toBe(0)
    expect((await failureOf(client.sessions.whoami())).code).toBe('request.unauthenticated')
    for (const { init } of requests) {
      expect(init.credentials).toBe('include')
      expect(new Headers(init.headers).get('authorization')).toBeNull()
    }
  })
})

describe('a session that is not refreshed', () => {
  let close: () => Promise<void> = async () => {}
  afterEach(() => close())

  it('is asked for once a call, however the server goes on refusing', async () => {
    const refused = {
      message: 'no',
      code: -32001,
      data: { code: 'UNAUTHORIZED', httpStatus: 401, domain: { code: 'request.unauthenticated', kind: 'unauthenticated', details: {} } },
    }
    const tokens = { accessToken: 'a2', refreshToken: 'r2', accessTokenExpiresAt: new Date(Date.now() + hour) }
    const server = await oddServer((request, response) => {
      const isRefresh = request.url?.includes('auth.refresh') === true
      response.writeHead(isRefresh ? 200 : 401, { 'content-type': 'application/json' })
      const answer = isRefresh ? { result: { data: { json: tokens } } } : { error: { json: refused } }
      response.end(JSON.stringify(request.url?.includes('batch') === true ? [answer] : answer))
    })
    close = server.close
    const client = createClient({ url: server.url, session: memorySession({ ...tokens, accessToken: 'a1', refreshToken: 'r1' }) })
    expect((await failureOf(client.sessions.whoami())).code).toBe('request.unauthenticated')
    expect(server.requests).toBe(3)
  })
})
