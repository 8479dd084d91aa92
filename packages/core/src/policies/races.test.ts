import { userActor, type DenizenError } from '@denizen/core'
import {
  lostCodes,
  openConnections,
  password,
  plainHasher,
  raced,
  untilSeen,
  useWorld,
  withoutGuard,
  won,
  type SignedInUser,
} from '@denizen/core/testing'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { uuidOf } from '../kernel/id.ts'
import type { Limits } from './model.ts'

/** PGlite runs one transaction after the other and hides every race: all of these are on PostgreSQL. */
const connections = 28
const callers = 50
const world = useWorld({ connections, ports: { hasher: plainHasher } })
afterEach(() => vi.restoreAllMocks())

interface Quota {
  readonly what: string
  readonly limits: Limits
  /** One of the calls, of which one may succeed. */
  call(ada: SignedInUser, index: number): Promise<unknown>
  readonly refused: string
  /** Counts what there is afterwards. */
  readonly counted: string
}

const signIn = ({ user }: SignedInUser, index: number) =>
  world()
    .core.as({ kind: 'anonymous' }, { ip: `10.2.${index}.1` })
    .auth.signIn({ identifier: user.id, password })
const sessions = `select count(*)::int as count from sessions where user_id = ? and ended_at is null`

const quotas: readonly Quota[] = [
  { what: 'session', limits: { maxSessions: 1 }, call: signIn, refused: 'auth.tooManySessions', counted: sessions },
  {
    what: 'sign-in',
    limits: { maxConcurrentLogins: 1, loginExcess: 'refuse' },
    call: signIn,
    refused: 'auth.tooManySessions',
    counted: sessions,
  },
  {
    what: 'API token',
    limits: { maxApiTokens: 1 },
    call: ({ as }, index) => as.tokens.create({ name: `caller ${index}` }),
    refused: 'tokens.tooMany',
    counted: `select count(*)::int as count from tokens where user_id = ? and kind = 'api'`,
  },
  {
    what: 'organization',
    limits: { maxOrganizations: 1 },
    call: ({ as }, index) => as.organizations.create({ name: `Of caller ${index}` }),
    refused: 'organizations.tooMany',
    counted: 'select count(*)::int as count from memberships where user_id = ?',
  },
]

/** Somebody with a policy of one, who has none yet: no session either, although an earlier one still acts. */
async function limited({ what, limits }: Quota): Promise<SignedInUser> {
  const ada = await world().signUp()
  const policy = await world()
    .asSystem()
    .policies.create({ name: `one-${crypto.randomUUID().slice(0, 8)}`, limits })
  await world().asSystem().policies.assign({ policyId: policy.id, userId: ada.user.id })
  if (what === 'session' || what === 'sign-in') await ada.as.auth.signOut()
  return ada
}

/** Lets the calls pile up before they write until at least 20 transactions wait, and then lets all of them go. */
async function race(quota: Quota, ada: SignedInUser) {
  const calls = Array.from({ length: callers }, (_, index) => () => quota.call(ada, index))
  const results = await raced(world(), 'lock table sessions, tokens, memberships in share mode', calls)
  const [left] = await world().rows<{ count: number }>(quota.counted, [uuidOf(ada.user.id)])
  return { won: won(results).length, codes: [...new Set(lostCodes(results))], left: left?.count }
}

/** Takes the guard out: rows of users are read without waiting for whoever has locked them. */
function withoutLocks(): void {
  withoutGuard(world(), (text) => (/ from users where .* for no key update$/.test(text) ? text.replace('for no key update', '') : text))
}

describe.each(quotas)('ABUSE 40: a policy of one $what and 50 callers', (quota) => {
  test('one gets it, the others are told', async () => {
    const ada = await limited(quota)
    expect(await race(quota, ada)).toEqual({ won: 1, codes: [quota.refused], left: 1 })
  })

  test('without the lock of the user’s row several would: the test above can fail', async () => {
    withoutLocks()
    await untilSeen('several that get through', async () => (await race(quota, await limited(quota))).won > 1)
  })
})

describe('ABUSE 40: one call in a minute, and 50 that come at once to five processes', () => {
  async function answered(): Promise<{ won: number; codes: string[] }> {
    const ada = await world().signUp()
    const policy = await world()
      .asSystem()
      .policies.create({ name: `rate-${crypto.randomUUID().slice(0, 8)}`, limits: { requestsPerMinute: 1 } })
    await world().asSystem().policies.assign({ policyId: policy.id, userId: ada.user.id })
    const { principal } = await world().signIn(ada.user)
    const cores = Array.from({ length: callers }, () => world().another({}))
    await openConnections(world(), connections)
    const results = await Promise.allSettled(cores.map((core) => core.as(userActor(principal)).sessions.whoami()))
    const codes = results.flatMap((result) => (result.status === 'rejected' ? [(result.reason as DenizenError).code] : []))
    return { won: results.length - codes.length, codes: [...new Set(codes)] }
  }

  test('one is answered', async () => {
    expect(await answered()).toEqual({ won: 1, codes: ['policies.tooManyRequests'] })
  })

  test('were they not taken of one row, more would be: the test above can fail', async () => {
    await world().rows('create function forgets() returns trigger language plpgsql as $$ begin new.taken := 0; return new; end $$')
    await world().rows('create trigger forgets before insert or update on request_windows for each row execute function forgets()')
    try {
      await untilSeen('several that are answered', async () => (await answered()).won > 1)
    } finally {
      await world().rows('drop trigger forgets on request_windows')
    }
  })
})

test('two who make a policy the default at once: both are heard, and one is it', async () => {
  const system = world().asSystem()
  const policies = await Promise.all(
    Array.from({ length: 20 }, (_, index) =>
      system.policies.create({ name: `default-${index}-${crypto.randomUUID().slice(0, 8)}`, limits: {} }),
    ),
  )
  await Promise.all(policies.map(({ id }) => system.policies.assign({ policyId: id, asDefault: true })))
  expect(await world().rows('select count(*)::int as count from resource_policies where is_default')).toEqual([{ count: 1 }])
})

test('a policy that is deleted while others are given it is nobody’s: they get it before and keep what replaces it, or are told', async () => {
  const system = world().asSystem()
  const { id: policyId } = await system.policies.create({ name: `gone-${crypto.randomUUID().slice(0, 8)}`, limits: {} })
  const users = await Promise.all(Array.from({ length: 20 }, () => world().newUser()))
  const results = await Promise.allSettled([
    ...users.slice(0, 10).map(({ id }) => system.policies.assign({ policyId, userId: id })),
    system.policies.delete({ policyId, reassignTo: null }),
    ...users.slice(10).map(({ id }) => system.policies.assign({ policyId, userId: id })),
  ])
  const codes = results.flatMap((result) => (result.status === 'rejected' ? [(result.reason as DenizenError).code] : []))
  expect(codes.every((code) => ['policies.unknown', 'request.notFound'].includes(code))).toBe(true)
  expect(results[10]?.status).toBe('fulfilled')
  expect(await world().rows('select 1 from users where resource_policy is not null')).toHaveLength(
    (await world().rows(`select 1 from users u join resource_policies p on p.name = u.resource_policy`)).length,
  )
})
