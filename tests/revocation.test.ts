import { createClient, DenizenError } from '@denizen/client'
import type { SignedInUser } from '@denizen/core/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openDatabase, type SystemDatabase } from './database.ts'
import { eventually, within } from './deadlines.ts'
import { endPrograms, startServer, type ServerProgram } from './processes.ts'
import { openNetworkProxy, type NetworkProxy } from './proxy.ts'
import { send } from './requests.ts'

/** The promise, in milliseconds: this for 99 of 100, and never later than the second, whatever becomes of the connection. */
const bound = { p99: 100, ever: 1000 }
const trials = 200

let database: SystemDatabase
/** Where users are suspended. */
let here: ServerProgram
/** Where they are refused. It reaches the database through the proxy. */
let there: ServerProgram
let proxy: NetworkProxy
let admin: SignedInUser

beforeAll(async () => {
  database = await openDatabase()
  admin = await database.people.asSuperadmin()
  proxy = await openNetworkProxy(database.url)
  here = await startServer(database.environment)
  there = await startServer({ ...database.environment, DATABASE_URL: proxy.url })
})
afterAll(async () => {
  await endPrograms()
  await proxy.close()
  await database.close()
})

/** What became of the requests of somebody who was suspended. Milliseconds since the suspension was answered. */
interface Refusal {
  /** When the last request that was still answered had been sent; 0: none was. */
  readonly acceptedUntil: number
  /** When the first refusal arrived. */
  readonly refusedAfter: number
}

it(`what was suspended in one process is refused in another: p99 within ${bound.p99} ms over ${trials} trials`, async () => {
  const refusals: Refusal[] = []
  for (const user of await signedIn(trials)) refusals.push(await suspend(user))
  tell('the feed is heard', refusals)
  expect(quantile(refusals, 'acceptedUntil', 0.99)).toBeLessThanOrEqual(bound.p99)
  expect(quantile(refusals, 'acceptedUntil', 1)).toBeLessThanOrEqual(bound.ever)
})

describe('while the listening connection is lost', () => {
  const losses: readonly [name: string, lose: () => Promise<void>][] = [
    ['closed in good order', async () => proxy.strike('ended')],
    ['reset', async () => proxy.strike('killed')],
    ['killed by the database, and kept from coming back', killListeners],
    ['silently dropped', async () => proxy.strike('silent')],
  ]

  it.each(losses)(`%s, the suspended are refused within ${bound.ever} ms, and nobody else is`, async (name, lose) => {
    const [bystander, ...victims] = await signedIn(9)
    if (bystander === undefined) throw new Error('there are nine users')
    await lose()
    const refusals: Refusal[] = []
    // One after the other, so that they fall into every part of the lease: the first is refused at its end.
    for (const victim of victims) refusals.push(await suspend(victim))
    tell(name, refusals)
    expect(quantile(refusals, 'acceptedUntil', 1)).toBeLessThanOrEqual(bound.ever)
    await eventually(2_000, 'the lease ending', async () => (await metric('denizen_principal_cache_live')) === 0)
    expect(await isAccepted(bystander)).toBe(true)
    expect(await metric('denizen_principal_cache_live')).toBe(0)

    proxy.mend()
    await eventually(10_000, 'the feed being heard again', async () => (await metric('denizen_principal_cache_live')) === 1)
    expect(await isAccepted(bystander)).toBe(true)
    const afterwards = await suspend(bystander)
    expect(afterwards.acceptedUntil).toBeLessThanOrEqual(bound.ever)
  })

  it('the lease is what it takes: with every byte swallowed, what is in memory is still served for a while', async () => {
    const [victim] = await signedIn(1)
    if (victim === undefined) throw new Error('there is a user')
    proxy.strike('silent')
    const { acceptedUntil } = await suspend(victim)
    proxy.mend()
    expect(acceptedUntil).toBeGreaterThan(0)
  })
})

/** From inside the database, of all processes; whoever comes back through the proxy is turned away. */
async function killListeners(): Promise<void> {
  proxy.bar()
  const killed = await database.rows(`
    select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and application_name = 'denizen invalidation'`)
  expect(killed).toHaveLength(2)
}

/** Users whom the other process knows and has in memory. */
async function signedIn(count: number): Promise<SignedInUser[]> {
  const users: SignedInUser[] = []
  while (users.length < count) {
    const some = Array.from({ length: Math.min(20, count - users.length) }, () => database.people.signUp())
    users.push(...(await Promise.all(some)))
  }
  await eventually(20_000, 'all of them being in memory', async () => {
    const misses = await metric('denizen_principal_cache_misses')
    expect(await Promise.all(users.map(isAccepted))).toEqual(users.map(() => true))
    return (await metric('denizen_principal_cache_misses')) === misses
  })
  return users
}

/** Suspends a user in one process while they ask, all the time, in the other. */
async function suspend({ user, token }: SignedInUser): Promise<Refusal> {
  let suspendedAt = Number.POSITIVE_INFINITY
  let lastAcceptedAt = 0
  const asking = (async () => {
    for (;;) {
      const sentAt = performance.now()
      if (!(await isAccepted({ token }))) return performance.now()
      lastAcceptedAt = sentAt
    }
  })()
  await createClient({ url: here.url, token: admin.token }).users.setStatus({ userId: user.id, status: 'suspended' })
  suspendedAt = performance.now()
  const refusedAt = await within(10_000, 'the suspended user being refused', asking)
  for (let again = 0; again < 3; again++) expect(await isAccepted({ token }), 'accepted again').toBe(false)
  return { acceptedUntil: Math.max(0, lastAcceptedAt - suspendedAt), refusedAfter: Math.max(0, refusedAt - suspendedAt) }
}

async function isAccepted({ token }: Pick<SignedInUser, 'token'>): Promise<boolean> {
  try {
    await createClient({ url: there.url, token }).sessions.whoami()
    return true
  } catch (error) {
    if (error instanceof DenizenError && error.code === 'request.unauthenticated') return false
    throw error
  }
}

async function metric(name: string): Promise<number> {
  const { text } = await send(there.url, '/metrics')
  const value = new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]
  if (value === undefined) throw new Error(`there is no metric ${name}`)
  return Number(value)
}

function quantile(refusals: readonly Refusal[], which: keyof Refusal, share: number): number {
  const sorted = refusals.map((refusal) => refusal[which]).sort((a, b) => a - b)
  return sorted[Math.ceil(share * sorted.length) - 1] ?? Number.NaN
}

function tell(what: string, refusals: readonly Refusal[]): void {
  const figures = [0.5, 0.99, 1].map((share) => quantile(refusals, 'refusedAfter', share).toFixed(1))
  const accepted = quantile(refusals, 'acceptedUntil', 1).toFixed(1)
  console.log(
    `${what}: refused after ${figures.join(' / ')} ms (median / p99 / worst of ${refusals.length}); last accepted after ${accepted} ms`,
  )
}
