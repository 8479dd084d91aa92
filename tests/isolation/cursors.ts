import type { Signature } from '@denizen/core/contract'
import { canariesIn, told } from './answers.ts'
import { casesOf, everywhere, referencesIn, type Input } from './cases.ts'
import { sideBySide } from './side-by-side.ts'
import type { Leak, Surroundings } from './surroundings.ts'

/**
 * Gives everybody the cursors of pages of another organization: with their own
 * things in the input these must be worth what a made-up text is.
 */
export async function sweepCursors({ cast, call, swept }: Surroundings): Promise<readonly Leak[]> {
  const leaks: Leak[] = []
  await cast.grow() // so that there is a second page of everything
  const canaries = await cast.canaries()
  for (const { signature, example } of swept) {
    if (example === null || !hasPages(signature)) continue
    const leak = (caller: string, what: string): Leak => ({ action: signature.name, caller, place: 'cursor', what })
    const [theirs, own] = [cast, { ...cast, foreign: cast.own }].map(
      (side) => casesOf(signature, example, side).find(({ place }) => place === everywhere)?.foreign ?? {},
    ) as [Input, Input]
    const filters = filtersOf(signature, example)
    const plain = await cursorFor(call, signature.name, theirs, cast)
    const cursor = plain ?? (await cursorFor(call, signature.name, { ...filters, ...theirs }, cast))
    if (cursor === null) leaks.push(leak('', 'there is no second page of another organization to try with'))
    const asked = plain === null ? { ...filters, ...own } : own
    const found = await sideBySide(cast.strangers, async (caller) => {
      const moved = await told(call, signature.name, { ...asked, limit: 1, cursor: cursor ?? '' }, caller)
      const forged = await told(call, signature.name, { ...asked, limit: 1, cursor: 'made up' }, caller)
      const held = canariesIn(moved, canaries).map((canary) => leak(caller.name, `the answer holds ${canary}`))
      const taken = moved !== forged || moved.startsWith('{"answer"')
      return taken ? [...held, leak(caller.name, `theirs: ${moved}, made up: ${forged}`)] : held
    })
    leaks.push(...found.flat())
  }
  return leaks
}

/** Whether an action gives its answer in pages. */
export function hasPages({ input }: Signature): boolean {
  return 'cursor' in ((input as { shape?: object }).shape ?? {})
}

/** What the example says besides ids: some queries give pages only with it. */
function filtersOf(signature: Signature, example: Input): Input {
  const naming = new Set(referencesIn(signature).map(({ path }) => path[0]))
  return Object.fromEntries(Object.entries(example).filter(([key]) => !naming.has(key)))
}

interface Paged {
  readonly nextCursor?: string | null
}

async function cursorFor(
  call: Surroundings['call'],
  name: string,
  input: Input,
  { insiders }: Surroundings['cast'],
): Promise<string | null> {
  for (const insider of insiders) {
    const { answer } = JSON.parse(await told(call, name, { ...input, limit: 1 }, insider)) as { answer?: Paged & { sections?: Paged[] } }
    // Some answers have several lists, each with its own pages.
    const parts = answer === undefined ? [] : [answer, ...(answer.sections ?? [])]
    const cursor = parts.find(({ nextCursor }) => typeof nextCursor === 'string')?.nextCursor
    if (typeof cursor === 'string') return cursor
  }
  return null
}
