import type { Signature } from '@denizen/core/contract'
import { casesOf, everywhere, referencesIn, type Input } from './cases.ts'
import { canariesIn, told, type Leak, type Surroundings, type Swept } from './sweep.ts'

/**
 * Gives everybody the cursors of pages of another organization: with their own
 * things in the input these must be worth what a made-up text is.
 */
export async function sweepCursors({ cast, call }: Surroundings, actions: readonly Swept[]): Promise<readonly Leak[]> {
  const leaks: Leak[] = []
  await cast.grow() // so that there is a second page of everything
  const canaries = await cast.canaries()
  for (const { signature, example } of actions) {
    if (example === null || !('cursor' in ((signature.input as { shape?: object }).shape ?? {}))) continue
    const leak = (caller: string, what: string): Leak => ({ action: signature.name, caller, place: 'cursor', what })
    const [theirs, own] = [cast, { ...cast, foreign: cast.own }].map(
      (side) => casesOf(signature, example, side).find(({ place }) => place === everywhere)?.foreign ?? {},
    ) as [Input, Input]
    const filters = filtersOf(signature, example)
    const plain = await cursorFor(call, signature.name, theirs, cast)
    const cursor = plain ?? (await cursorFor(call, signature.name, { ...filters, ...theirs }, cast))
    if (cursor === null) leaks.push(leak('', 'there is no second page of another organization to try with'))
    const asked = plain === null ? { ...filters, ...own } : own
    for (const caller of cast.strangers) {
      const moved = await told(call, signature.name, { ...asked, limit: 1, cursor: cursor ?? '' }, caller)
      const forged = await told(call, signature.name, { ...asked, limit: 1, cursor: 'made up' }, caller)
      if (moved !== forged || moved.startsWith('{"answer"')) leaks.push(leak(caller.name, `theirs: ${moved}, made up: ${forged}`))
      leaks.push(...canariesIn(moved, canaries).map((canary) => leak(caller.name, `the answer holds ${canary}`)))
    }
  }
  return leaks
}

/** What the example says besides ids: some queries give pages only with it. */
function filtersOf(signature: Signature, example: Input): Input {
  const naming = new Set(referencesIn(signature).map(({ path }) => path[0]))
  return Object.fromEntries(Object.entries(example).filter(([key]) => !naming.has(key)))
}

async function cursorFor(
  call: Surroundings['call'],
  name: string,
  input: Input,
  { insiders }: Surroundings['cast'],
): Promise<string | null> {
  for (const insider of insiders) {
    const { answer } = JSON.parse(await told(call, name, { ...input, limit: 1 }, insider)) as { answer?: { nextCursor: string | null } }
    if (typeof answer?.nextCursor === 'string') return answer.nextCursor
  }
  return null
}
