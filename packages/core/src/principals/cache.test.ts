import { idOf, type Id, type Principal } from '@denizen/core'
import { TestClock } from '@denizen/core/testing'
import { describe, expect, test } from 'vitest'
import { PrincipalCache } from './cache.ts'

/** The lease of PERFORMANCE.md: short enough that "never later than 1 s" holds whatever happens to the connection. */
const lease = 750

function newId<Prefix extends string>(prefix: Prefix): Id<Prefix> {
  return idOf(prefix, crypto.randomUUID())
}

/** A principal as the database would give it; the cache looks only at whose it is and until when it is true. */
function principal(clock: TestClock, known: Partial<Principal> = {}): Principal {
  const later = new Date(clock.now().getTime() + 3_600_000)
  const nothing: Principal['grants'] = {
    allows: () => false,
    allowsEverywhere: () => false,
    allowsSomewhere: () => false,
    covers: () => false,
    list: () => [],
    withSameLimits: () => nothing,
  }
  return {
    userId: newId('usr'),
    sessionId: newId('ses'),
    tokenId: newId('tok'),
    username: 'ada',
    email: null,
    displayName: null,
    status: 'active',
    isAnonymous: false,
    roles: [],
    grants: nothing,
    conditionalGrants: null,
    dependencies: [],
    activeRoles: { activated: [], deactivated: [] },
    requestsPerMinute: null,
    organization: null,
    memberships: [],
    allowedIps: [],
    tokenIps: [],
    impersonatorIps: [],
    impersonatorMayActFrom: null,
    credential: 'access',
    allowedActions: null,
    scopes: null,
    signed: null,
    recentAuthUntil: later,
    impersonator: null,
    assurance: 'aal1',
    pendingSteps: [],
    expiresAt: later,
    sessionExpiresAt: later,
    validUntil: later,
    ...known,
  }
}

function setUp({ soleProcess }: { soleProcess: boolean }) {
  const clock = new TestClock()
  const cache = new PrincipalCache(clock, soleProcess)
  const get = (hash: string) => cache.get(hash, clock.now())
  return { clock, cache, get }
}

describe('the principal cache of the only process', () => {
  test('gives what it was given, and nothing else', () => {
    const { clock, cache, get } = setUp({ soleProcess: true })
    const ada = principal(clock)
    cache.put('ada', ada, cache.generation)
    expect(get('ada')).toBe(ada)
    expect(get('other')).toBeUndefined()
    clock.advance(lease * 100) // nobody else can change anything: no lease ends
    expect(get('ada')).toBe(ada)
  })

  test('forgets what is true no longer, to the millisecond', () => {
    const { clock, cache, get } = setUp({ soleProcess: true })
    cache.put('ada', principal(clock, { validUntil: new Date(clock.now().getTime() + 1000) }), cache.generation)
    clock.advance(999)
    expect(get('ada')).toBeDefined()
    clock.advance(1)
    expect(get('ada')).toBeUndefined()
    expect(cache.state.entries).toBe(0)
  })

  test('drops by user and by session, and leaves the others', () => {
    const { clock, cache, get } = setUp({ soleProcess: true })
    const userId = newId('usr')
    const [one, two, other] = [principal(clock, { userId }), principal(clock, { userId }), principal(clock)]
    const fill = () => {
      for (const [hash, each] of Object.entries({ one, two, other })) cache.put(hash, each, cache.generation)
    }
    fill()
    cache.drop([one.sessionId ?? ''])
    expect([get('one'), get('two'), get('other')]).toEqual([undefined, two, other])
    fill()
    cache.drop([userId])
    expect([get('one'), get('two'), get('other')]).toEqual([undefined, undefined, other])
    cache.drop([newId('usr')])
    expect(cache.state.entries).toBe(1)
  })

  test.each(['userId', 'sessionId'] as const)('12: takes back nothing that was loaded before its %s was dropped', (key) => {
    const { clock, cache, get } = setUp({ soleProcess: true })
    const [ada, bob] = [principal(clock), principal(clock)]
    const before = cache.generation
    cache.drop([ada[key] ?? ''])
    cache.put('ada', ada, before)
    cache.put('bob', bob, before)
    expect([get('ada'), get('bob')]).toEqual([undefined, bob])
    cache.put('ada', ada, cache.generation) // loaded since
    expect(get('ada')).toBe(ada)
  })

  test('takes back nothing from before it was cleared', () => {
    const { clock, cache, get } = setUp({ soleProcess: true })
    const ada = principal(clock)
    const before = cache.generation
    cache.put('ada', ada, before)
    cache.clear()
    expect(get('ada')).toBeUndefined()
    cache.put('ada', ada, before)
    expect(get('ada')).toBeUndefined()
    cache.put('ada', ada, cache.generation)
    expect(get('ada')).toBe(ada)
  })

  test('remembers drops in bounded memory, and then doubts everything loaded before them', () => {
    const { clock, cache, get } = setUp({ soleProcess: true })
    const ada = principal(clock)
    const before = cache.generation
    cache.drop([ada.userId])
    for (let index = 0; index < 10_001; index++) cache.drop([`usr_${index}`])
    cache.put('ada', ada, before)
    expect(get('ada')).toBeUndefined()
  })

  test('keeps 50 000 principals at the most, and lets the oldest go', () => {
    const { clock, cache, get } = setUp({ soleProcess: true })
    const ada = principal(clock)
    for (let index = 0; index <= 50_000; index++) cache.put(`hash ${index}`, ada, cache.generation)
    expect(cache.state.entries).toBe(50_000)
    expect(get('hash 0')).toBeUndefined()
    expect(get('hash 50000')).toBe(ada)
    cache.drop([ada.sessionId ?? ''])
    expect(cache.state.entries).toBe(0)
  })

  test('lets the oldest go also after some were dropped, expired or cleared', () => {
    const { clock, cache, get } = setUp({ soleProcess: true })
    const put = (name: string) => {
      const one = principal(clock)
      cache.put(name, one, cache.generation)
      return one
    }
    for (let round = 0; round < 3; round++) {
      const all = Array.from({ length: 50_000 }, (_, index) => put(`${round}-${index}`))
      for (const { userId } of all.slice(0, 10)) cache.drop([userId])
      put(`${round}-0`)
      for (let more = 0; more < 12; more++) put(`${round}-more-${more}`)
      const present = ['0', '10', '12', '13', '49999', 'more-11'].filter((name) => get(`${round}-${name}`) !== undefined)
      expect([present, cache.state.entries]).toEqual([['0', '13', '49999', 'more-11'], 50_000])
      cache.clear()
      expect(cache.state.entries).toBe(0)
    }
  })
})

describe('the lease of one of several processes', () => {
  test('begins with the first word from the feed and ends 750 ms after the last', () => {
    const { clock, cache, get } = setUp({ soleProcess: false })
    const ada = principal(clock)
    cache.put('ada', ada, cache.generation)
    expect([cache.live, cache.state.entries, get('ada')]).toEqual([false, 0, undefined])

    cache.renew(clock.monotonic())
    cache.put('ada', ada, cache.generation)
    clock.advance(lease - 1)
    expect([cache.live, get('ada')]).toEqual([true, ada])
    clock.advance(1)
    expect([cache.live, get('ada')]).toEqual([false, undefined])
  })

  test('counts from when the feed had heard everything, not from when it said so', () => {
    const { clock, cache } = setUp({ soleProcess: false })
    const asOf = clock.monotonic()
    clock.advance(lease)
    cache.renew(asOf)
    expect(cache.live).toBe(false)
  })

  test('is never shortened by news that come late', () => {
    const { clock, cache } = setUp({ soleProcess: false })
    const early = clock.monotonic()
    clock.advance(lease - 1)
    cache.renew(clock.monotonic())
    cache.renew(early)
    clock.advance(lease - 1)
    expect(cache.live).toBe(true)
  })

  test('ends at once when something may have been missed', () => {
    const { clock, cache, get } = setUp({ soleProcess: false })
    cache.renew(clock.monotonic())
    cache.put('ada', principal(clock), cache.generation)
    cache.clear()
    expect([cache.live, get('ada')]).toEqual([false, undefined])
  })

  test('follows the monotonic clock: a wall clock that is set back does not lengthen it', () => {
    const clock = new TestClock()
    let wall = clock.now()
    const cache = new PrincipalCache({ now: () => wall, monotonic: () => clock.monotonic() }, false)
    cache.renew(clock.monotonic())
    cache.put('ada', principal(clock), cache.generation)
    wall = new Date(wall.getTime() - 3_600_000)
    clock.advance(lease)
    expect(cache.get('ada', wall)).toBeUndefined()
  })
})
