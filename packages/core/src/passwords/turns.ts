import type { Hasher } from '../ports/hasher.ts'
import { passwordsBusy } from './errors.ts'

/** How many may wait for one name; further calls fail with `passwords.busy`. */
const longestLine = 64

/** Who compares something for a name, and who waits until that is done. */
interface Line {
  last: Promise<unknown>
  length: number
}

/** Bounded by the hashers: one for each installation. A name is there as long as somebody is at work for it. */
const lines = new WeakMap<Hasher, Map<string, Line>>()

/**
 * Does work for a name when what came before for the same name is done. Whoever waits here is not in the hasher's queue: attempts at one
 * user, whose hash may be as dear as an imported one, keep one place there, and nobody else's sign-in waits for more of them. Names of nobody have
 * their lines as well: by waiting, nobody learns which is somebody's.
 * @param name what was typed, or a fingerprint of it
 * @param work is told whether it waited: what was looked up before may be outdated
 */
export async function inTurn<T>(hasher: Hasher, name: string, work: (hasWaited: boolean) => Promise<T>): Promise<T> {
  const all = lines.get(hasher) ?? new Map<string, Line>()
  lines.set(hasher, all)
  const line = all.get(name) ?? { last: Promise.resolve(), length: 0 }
  if (line.length >= longestLine) throw passwordsBusy({ retryAfter: 2 })
  all.set(name, line)
  const hasWaited = line.length++ > 0
  const done = line.last.then(() => work(hasWaited))
  line.last = done.catch(() => undefined)
  try {
    return await done
  } finally {
    if (--line.length === 0) all.delete(name)
  }
}
