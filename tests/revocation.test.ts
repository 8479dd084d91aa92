import { createClient } from '@denizen/client'
import type { SignedInUser } from '@denizen/core/testing'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { kinds, newHolder, type Holder, type Kind } from './credentials.ts'
import { openDatabase, type SystemDatabase } from './database.ts'
import { eventually, within } from './deadlines.ts'
import { endPrograms, startServer, type ServerProgram } from './processes.ts'
import { openNetworkProxy, type NetworkProxy } from './proxy.ts'
import { send } from './requests.ts'

/** The promise, in milliseconds: this for 99 of 100, and never later than the second, whatever becomes of the connection. */
const bound = { p99: 100, ever: 1000 }
const trials = 200

let database: SystemDatabase
/** Where something is taken away. */
let here: ServerProgram
/** Where its holders are refused. It reaches the database through the proxy. */
let there: ServerProgram
let proxy: NetworkProxy
let admin: SignedInUser

beforeAll(async () => {
  database = await openDatabase()
  admin = await database.people.asSuperadmin()
  proxy = await openNetworkProxy(database.url)
  // Both are one installation: what one signs, the other has to take.
  const environment = { ...database.environment, DENIZEN_PUBLIC_URL: database.core.settings.publicUrl }
  here = await startServer(environment)
  there = await startServer({ ...environment, DATABASE_URL: proxy.url })
})
afterAll(async () => {
  await endPrograms()
  await proxy.close()
  await database.close()
})

/** What became of the requests of somebody who lost a credential. Milliseconds since its revocation was answered. */
interface Refusal {
  /** When the last request that was still answered had been sent; 0: none was. */
  readonly acceptedUntil: number
  /** When the first refusal arrived. */
  readonly refusedAfter: number
}

/** By kind of credential. */
type Refusals = ReadonlyMap<string, Refusal>

it(`what was revoked in one process is refused in another: p99 within ${bound.p99} ms over ${trials} trials of every kind`, async () => {
  const refusals: Refusals[] = []
  for (const [index, holder] of (await holders(trials)).entries()) refusals.push(await revoke(holder, index % 2 === 0 ? suspend : end))
  tell('the feed is heard', refusals)
  expect(tooLate(refusals, 0.99, bound.p99)).toEqual([])
  expect(tooLate(refusals, 1, bound.ever)).toEqual([])
}, 120_000)

describe('while the listening connection is lost', () => {
  const losses: readonly [name: string, lose: () => Promise<void>][] = [
    ['closed in good order', async () => proxy.strike('ended')],
    ['reset', async () => proxy.strike('killed')],
    ['killed by the database, and kept from coming back', killListeners],
    ['silently dropped', async () => proxy.strike('silent')],
  ]

  it.each(losses)(`%s, what is revoked is refused within ${bound.ever} ms, and nothing else is`, async (name, lose) => {
    const [bystander, ...victims] = await holders(9)
    if (bystander === undefined) throw new Error('there are nine')
    await lose()
    const refusals: Refusals[] = []
    // One after the other, so that they fall into every part of the lease: the first is refused at its end.
    for (const [index, victim] of victims.entries()) refusals.push(await revoke(victim, index % 2 === 0 ? suspend : end))
    tell(name, refusals)
    expect(tooLate(refusals, 1, bound.ever)).toEqual([])
    await eventually(2_000, 'the lease ending', async () => (await metric('denizen_principal_cache_live')) === 0)
    expect(await whatOpens(bystander)).toEqual(names)
    expect(await metric('denizen_principal_cache_live')).toBe(0)

    proxy.mend()
    await eventually(10_000, 'the feed being heard again', async () => (await metric('denizen_principal_cache_live')) === 1)
    expect(await whatOpens(bystander)).toEqual(names)
    expect(tooLate([await revoke(bystander, end)], 1, bound.ever)).toEqual([])
  })

  it('the lease is what it takes: with every byte swallowed, what is in memory is still served for a while', async () => {
    const [victim] = await holders(1)
    if (victim === undefined) throw new Error('there is one')
    proxy.strike('silent')
    const refusals = await revoke(victim, suspend)
    proxy.mend()
    const served = kinds.filter(({ name }) => (refusals.get(name)?.acceptedUntil ?? 0) > 0).map(({ name }) => name)
    expect(served).toEqual(expect.arrayContaining(kinds.filter(({ remembered }) => remembered).map(({ name }) => name)))
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

const names = kinds.map(({ name }) => name)

/** Holders of everything whom the other process knows, and has in memory. */
async function holders(count: number): Promise<Holder[]> {
  const all: Holder[] = []
  while (all.length < count) {
    const some = Array.from({ length: Math.min(20, count - all.length) }, () => newHolder(database))
    all.push(...(await Promise.all(some)))
  }
  await eachOf(all, async (holder) => expect(await whatOpens(holder)).toEqual(names))
  const remembered = kinds.filter((kind) => kind.remembered)
  await eventually(20_000, 'all of them being in memory', async () => {
    const misses = await metric('denizen_principal_cache_misses')
    await eachOf(all, (holder) => Promise.all(remembered.map((kind) => kind.opens(there.url, holder, admin.token))))
    return (await metric('denizen_principal_cache_misses')) === misses
  })
  return all
}

/** Some at once, so that it does not take forever. */
async function eachOf(all: readonly Holder[], work: (holder: Holder) => Promise<unknown>): Promise<void> {
  for (let from = 0; from < all.length; from += 10) await Promise.all(all.slice(from, from + 10).map(work))
}

/** The kinds of credential that the holder gets in with. */
async function whatOpens(holder: Holder): Promise<readonly string[]> {
  const opened = await Promise.all(kinds.map((kind) => kind.opens(there.url, holder, admin.token)))
  return names.filter((_, index) => opened[index])
}

const operator = () => createClient({ url: here.url, token: admin.token })

/** Takes everything away at once: when its answer came, for each kind. */
async function suspend({ user }: Holder): Promise<Record<Kind['endsWith'], number>> {
  await operator().users.setStatus({ userId: user.id, status: 'suspended' })
  const at = performance.now()
  return { session: at, token: at }
}

/** Takes away one thing after the other. */
async function end({ sessionId, tokenId }: Holder): Promise<Record<Kind['endsWith'], number>> {
  await operator().sessions.end({ sessionId })
  const session = performance.now()
  await operator().tokens.revoke({ tokenId })
  return { session, token: performance.now() }
}

/** Takes things from somebody in one process while they ask, all the time and with each of them, in the other. */
async function revoke(holder: Holder, take: typeof suspend): Promise<Refusals> {
  const asking = kinds.map((kind) => askUntilRefused(kind, holder))
  const takenAt = await take(holder)
  const asked = await within(10_000, 'the holder being refused', Promise.all(asking))
  expect(await whatOpens(holder)).toEqual([])
  return new Map(
    kinds.map(({ name, endsWith }, index) => {
      const { lastAcceptedAt = 0, refusedAt = 0 } = asked[index] ?? {}
      const since = (at: number) => Math.max(0, at - takenAt[endsWith])
      return [name, { acceptedUntil: since(lastAcceptedAt), refusedAfter: since(refusedAt) }]
    }),
  )
}

async function askUntilRefused(kind: Kind, holder: Holder): Promise<{ lastAcceptedAt: number; refusedAt: number }> {
  for (let lastAcceptedAt = 0; ;) {
    const sentAt = performance.now()
    if (!(await kind.opens(there.url, holder, admin.token))) return { lastAcceptedAt, refusedAt: performance.now() }
    lastAcceptedAt = sentAt
    // Less often than it could: what is measured is how soon it is heard, not how it goes with a machine that has no time.
    await sleep(kind.remembered ? 1 : 10)
  }
}

async function metric(name: string): Promise<number> {
  const { text } = await send(there.url, '/metrics')
  const value = new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]
  if (value === undefined) throw new Error(`there is no metric ${name}`)
  return Number(value)
}

/** The kinds that were let in for longer than they may be, and for how long. */
function tooLate(refusals: readonly Refusals[], share: number, most: number): readonly string[] {
  const until = (name: string) => quantile(refusals, name, 'acceptedUntil', share)
  return names.filter((name) => !(until(name) <= most)).map((name) => `${name}: ${until(name)} ms`)
}

function quantile(refusals: readonly Refusals[], kind: string, which: keyof Refusal, share: number): number {
  const sorted = refusals.map((all) => all.get(kind)?.[which] ?? Number.NaN).sort((a, b) => a - b)
  return sorted[Math.ceil(share * sorted.length) - 1] ?? Number.NaN
}

function tell(what: string, refusals: readonly Refusals[]): void {
  const lines = names.map((name) => {
    const figures = [0.5, 0.99, 1].map((share) => quantile(refusals, name, 'refusedAfter', share).toFixed(1))
    const accepted = [0.99, 1].map((share) => quantile(refusals, name, 'acceptedUntil', share).toFixed(1))
    return `  ${name}: refused after ${figures.join(' / ')} ms (median / p99 / worst of ${refusals.length}); last accepted after ${accepted.join(' / ')} ms (p99 / worst)`
  })
  console.log([`${what}:`, ...lines].join('\n'))
}
