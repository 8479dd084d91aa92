import type { SqlEntityManager } from '@mikro-orm/sql'
import { runStatement, statement } from '../kernel/statement.ts'
import type { Hasher, Ports } from '../ports/index.ts'
import { decoyOfKind, heldKinds, kindOf } from './kinds.ts'
import { isPbkdf2, verifyPbkdf2 } from './pbkdf2.ts'
import { decoyHash } from './verify.ts'

/** Milliseconds for which it is not looked again which kinds of hashes are held. */
const kindsAge = 60_000
/** Times what the slowest kind took when it was measured: no two times are the same, and a short rest of waiting is less exact than a long one. */
const margin = 1.5
/** Milliseconds. Nobody waits longer, however dear an imported hash is. */
const longest = 2_000

const kindsStatement = statement('password_kinds', heldKinds)

/** What is known of the hashes of an installation. */
interface Pace {
  /** Milliseconds that each kind takes that is held, measured once. */
  readonly costs: Map<string, Promise<number>>
  readAt: number
  least: Promise<number>
}

/** Bounded by the hashers, as the decoys: one for each installation, with the times of sixteen kinds at most. */
const paces = new WeakMap<Hasher, Pace>()

type Asked = { readonly reader: SqlEntityManager; readonly ports: Pick<Ports, 'hasher' | 'clock'> }

/**
 * Waits until a wrong password could have been compared with a hash of any kind that is held here. Imported hashes take longer than the
 * decoy of an unknown user, or less: either would tell who is there. It waits, and computes nothing: a sign-in as nobody costs no more
 * than before. Where all hashes are of the kind that the hasher makes, they take as long as the decoy, and it does not wait.
 */
export async function waitToRefuse(asked: Asked, startedAt: number): Promise<void> {
  const least = await leastTime(asked)
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
  const others = held.filter(({ kind }) => kind !== kindOf(decoy))
  for (const kind of costs.keys()) if (kind !== '' && !others.some((other) => other.kind === kind)) costs.delete(kind)
  if (others.length === 0) return 0
  const timed = async (work: () => Promise<unknown>): Promise<number> => {
    const startedAt = clock.monotonic()
    await work()
    return clock.monotonic() - startedAt
  }
  const costOf = (name: string, work: () => Promise<unknown>): Promise<number> => {
    const known = costs.get(name) ?? timed(work)
    costs.set(name, known)
    known.catch(() => costs.delete(name))
    return known
  }
  const compare = (hash: string) => (isPbkdf2(hash) ? verifyPbkdf2(hash, 'wrong') : hasher.verify(hash, 'wrong'))
  let slowest = await costOf('', () => compare(decoy))
  for (const { kind } of others) slowest = Math.max(slowest, await costOf(kind, () => compare(decoyOfKind(kind))))
  return slowest * margin
}
