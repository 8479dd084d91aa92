import { DenizenError } from '@denizen/core/calls'
import { exitCodes } from './failure.ts'
import { interruptible } from './interruption.ts'
import { labelled, note } from './output.ts'
import { progressOf } from './progress.ts'

/** Bytes in one call: the server takes requests of 1 MB, and small calls let the progress bar move. */
const largestPart = 900_000

/** Splits items into chunks for one call each: at most `most` items, and not too many bytes. */
export function chunked<Item>(items: readonly Item[], most: number): Item[][] {
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

/** Work that takes several calls. */
interface Work<Item> {
  /** The label of the progress bar: `Creating users`. */
  readonly doing: string
  /** The idempotency key. Each chunk is a transaction of its own, and gets a key of its own. */
  readonly key: string | undefined
  each(part: Item[], options: { readonly idempotencyKey?: string }): Promise<void>
  /** Prints what was done before it stopped. */
  tell(): void
  /** What to do after it stopped halfway. */
  readonly again: string
}

/** Runs chunk by chunk. What stops it after the first chunk, an error (`cli.stopped`) or Ctrl-C, also says how far it came. */
export async function runInChunks<Item>(parts: readonly Item[][], work: Work<Item>): Promise<void> {
  const total = parts.reduce((sum, part) => sum + part.length, 0)
  const progress = progressOf(total, { doing: work.doing, parts: parts.length })
  let done = 0
  const cancelled = () => new DenizenError('cli.cancelled', 'internal', `Cancelled after ${done} of ${total}.`, { next: work.again })
  let current = 0
  const interruption = interruptible({
    isLastPart: () => current === parts.length - 1,
    last: () => {
      note(`\n${cancelled().message} What was on its way may be done too.`)
      labelled('next', work.again)
    },
  })
  try {
    for (const [index, part] of parts.entries()) {
      if (interruption.isAsked()) throw cancelled()
      current = index
      await work.each(part, keyFor(work.key, index, parts.length))
      done += part.length
      progress.at(done)
    }
  } catch (error) {
    progress.end()
    if (done === 0 || !(error instanceof DenizenError)) throw error
    work.tell()
    if (error.code === 'cli.cancelled') throw error
    throw new DenizenError('cli.stopped', error.kind, `It stopped after ${done} of ${total}: ${error.message}`, { next: work.again }, error)
  } finally {
    interruption.end()
  }
  progress.end()
}

function keyFor(key: string | undefined, index: number, count: number): { readonly idempotencyKey?: string } {
  if (key === undefined) return {}
  return { idempotencyKey: count === 1 ? key : `${key}:${index}` }
}

/** When a run is repeated, these errors mean that the user was created before. */
const existsAlready: ReadonlySet<string> = new Set(['users.emailTaken', 'users.usernameTaken'])

/** The exit code of creating many: 0 when all were created or all existed already; 1 when none of either; 6 otherwise. */
export function exitCodeOfCreate(created: number, failed: readonly { readonly code: string }[]): number {
  const existing = failed.filter(({ code }) => existsAlready.has(code)).length
  if (failed.length === 0 || (created === 0 && existing === failed.length)) return exitCodes.ok
  return created + existing === 0 ? exitCodes.failure : exitCodes.partial
}

/** The exit code of changing many. */
export function exitCodeOfUpdate(changed: number, failed: readonly unknown[]): number {
  if (failed.length === 0) return exitCodes.ok
  return changed === 0 ? exitCodes.failure : exitCodes.partial
}
