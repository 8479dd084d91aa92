import { DenizenError } from '@denizen/core/calls'
import { exitCodes } from './failure.ts'
import { progressOf } from './progress.ts'

/** Bytes in one call: the server takes requests of 1 MB, and an operator who watches wants to see it move. */
const largestPart = 900_000

/** What goes into one call each: at most so many, and not too heavy together. */
export function inParts<Item>(items: readonly Item[], most: number): Item[][] {
  const parts: Item[][] = []
  let part: Item[] = []
  let size = 0
  for (const item of items) {
    const bytes = Buffer.byteLength(JSON.stringify(item))
    if (part.length === most || (part.length > 0 && size + bytes > largestPart)) {
      parts.push(part)
      part = []
      size = 0
    }
    part.push(item)
    size += bytes
  }
  return part.length > 0 ? [...parts, part] : parts
}

/** How something is done that takes several calls. */
interface Work<Item> {
  /** `Making users`, for whoever watches. */
  readonly doing: string
  /** Each part is a transaction of its own; with a key, each has a key of its own. */
  readonly key: string | undefined
  each(part: Item[], options: { readonly idempotencyKey?: string }): Promise<void>
  /** Tells what was done before it stopped. */
  tell(): void
  /** What to do after it stopped in the middle. */
  readonly again: string
}

/** Does it part by part. What stops it after the first part is told with how far it came. */
export async function doInParts<Item>(parts: readonly Item[][], work: Work<Item>): Promise<void> {
  const total = parts.reduce((sum, part) => sum + part.length, 0)
  const progress = await progressOf(total, { doing: work.doing, parts: parts.length })
  let done = 0
  try {
    for (const [index, part] of parts.entries()) {
      await work.each(part, keyFor(work.key, index, parts.length))
      done += part.length
      progress.at(done)
    }
  } catch (error) {
    progress.end()
    if (done === 0 || !(error instanceof DenizenError)) throw error
    work.tell()
    throw new DenizenError('cli.stopped', error.kind, `It stopped after ${done} of ${total}: ${error.message}`, { next: work.again }, error)
  }
  progress.end()
}

function keyFor(key: string | undefined, index: number, count: number): { readonly idempotencyKey?: string } {
  if (key === undefined) return {}
  return { idempotencyKey: count === 1 ? key : `${key}:${index}` }
}

/** What a repeat finds there already is no failure of the repeat. */
const thereAlready: ReadonlySet<string> = new Set(['users.emailTaken', 'users.usernameTaken'])

/** How making many ends: 0 when all were made, or all were there already; 1 when none was and none is; 6 in part. */
export function exitOfMaking(made: number, failed: readonly { readonly code: string }[]): number {
  const there = failed.filter(({ code }) => thereAlready.has(code)).length
  if (failed.length === 0 || (made === 0 && there === failed.length)) return exitCodes.ok
  return made + there === 0 ? exitCodes.failure : exitCodes.partial
}

/** How changing many ends. */
export function exitOfChanging(changed: number, failed: readonly unknown[]): number {
  if (failed.length === 0) return exitCodes.ok
  return changed === 0 ? exitCodes.failure : exitCodes.partial
}
