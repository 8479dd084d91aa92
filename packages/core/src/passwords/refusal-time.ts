import type { SqlEntityManager } from '@mikro-orm/sql'
import { runStatement, statement } from '../kernel/statement.ts'
import type { Hasher, Ports } from '../ports/index.ts'
import { longestPassword } from './hashes/index.ts'
import { dearest, decoyOfKind, heldKinds, kindOf, mostKinds } from './kinds.ts'
import { decoyHash, spellings } from './verify.ts'

/** How long, in milliseconds, the kinds of hashes are cached. */
const kindsAge = 60_000
/** Factor on the slowest measured kind, because times vary and short timers are inexact. */
const margin = 1.5
/** Milliseconds. Nobody waits longer; only SHA-crypt of very many rounds can take more, on a slow processor or in two spellings. */
const longest = 5_000

const kindsStatement = statement('password_kinds', heldKinds)

/** How long, in milliseconds, what was measured is believed: the machine may be busier or quieter by then. */
const costAge = 3_600_000

interface Cost {
  readonly measuredAt: number
  /** Milliseconds. */
  readonly time: Promise<number>
}

/** What is known of the hashes of an installation. */
interface Pace {
  /** What the dearest kind of each scheme takes that is held. */
  readonly costs: Map<string, Cost>
  readAt: number
  least: Promise<number>
}

/** Bounded by the hashers, as the decoys: one for each installation, with a time for each scheme. */
const paces = new WeakMap<Hasher, Pace>()

type Asked = { readonly reader: SqlEntityManager; readonly ports: Pick<Ports, 'hasher' | 'clock'> }

/**
 * Waits until a wrong password could have been compared with a hash of any kind that is held here. Imported hashes take longer than the
 * decoy of an unknown user, or less: either would tell who is there. It waits, and computes nothing: a sign-in as nobody costs no more
 * than before. Where all hashes are of the kind that the hasher makes, they take as long as the decoy, and it does not wait.
 */
export async function waitToRefuse(asked: Asked, startedAt: number, password: string): Promise<void> {
  // A refusal that fails instead would be counted by no throttle: it waits for as long as any.
  const measured = await leastTime(asked).catch(() => longest)
  const least = measured * spellings(password).length
  const left = Math.min(least, longest) - (asked.ports.clock.monotonic() - startedAt)
  if (left > 0) await new Promise((resolve) => setTimeout(resolve, Math.ceil(left)))
}

function leastTime(asked: Asked): Promise<number> {
  const { hasher, clock } = asked.ports
  const pace = paces.get(hasher) ?? { costs: new Map(), readAt: -Infinity, least: Promise.resolve(0) }
  paces.set(hasher, pace)
  if (clock.monotonic() - pace.readAt >= kindsAge) {
    pace.readAt = clock.monotonic()
    pace.least = measure(asked, pace)
    pace.least.catch(() => (pace.readAt = -Infinity))
  }
  return pace.least
}

async function measure({ reader, ports: { hasher, clock } }: Asked, { costs }: Pace): Promise<number> {
  const decoy = await decoyHash(hasher)
  const held = await runStatement<{ kind: string }>(reader, kindsStatement, [])
  const others = dearest(held.map(({ kind }) => kind).filter((kind) => kind !== kindOf(decoy)))
  for (const kind of costs.keys()) if (kind !== '' && !others.includes(kind)) costs.delete(kind)
  if (others.length === 0) return 0
  if (held.length >= mostKinds) return longest // nobody knows what the kinds beyond cost
  const timed = async (work: () => Promise<unknown>): Promise<number> => {
    const startedAt = clock.monotonic()
    await work()
    return clock.monotonic() - startedAt
  }
  // One of them may have waited in the hasher's queue, which whoever is refused did not.
  const quicker = async (work: () => Promise<unknown>) => Math.min(await timed(work), await timed(work))
  const costOf = (name: string, work: () => Promise<unknown>): Promise<number> => {
    const known = costs.get(name)
    if (known !== undefined && clock.monotonic() - known.measuredAt < costAge) return known.time
    const cost = { measuredAt: clock.monotonic(), time: quicker(work) }
    costs.set(name, cost)
    cost.time.catch(() => costs.delete(name))
    return cost.time
  }
  // The longest that is compared: strangers choose how long theirs is.
  const compare = (hash: string) => hasher.verify(hash, 'x'.repeat(longestPassword(hash) ?? 1))
  let slowest = await costOf('', () => compare(decoy))
  for (const kind of others) slowest = Math.max(slowest, await costOf(kind, () => compare(decoyOfKind(kind))))
  return slowest * margin
}
