import type { Plan } from '@denizen/core/contract'
import { canariesIn, saysTheSame, told } from './answers.ts'
import { casesOf, demandsNames, everywhere, referencesIn, type Case } from './cases.ts'
import type { Caller } from './cast.ts'
import { withoutSaid } from './documents.ts'
import { sideBySide } from './side-by-side.ts'
import { isWholeMatrix } from '../matrix.ts'
import { askedOf } from './some-callers.ts'
import type { Leak, Surroundings, Swept } from './surroundings.ts'

/**
 * Calls every action with things of another organization, as everybody who has no
 * business there: the answer must be the one for what never was, nothing may
 * change, and nothing of that organization may be in any answer. Outside of the
 * whole matrix not everybody meets every place.
 */
export async function sweep(
  surroundings: Surroundings,
  { places = 'each', isWhole = isWholeMatrix }: { places?: 'each' | 'together'; isWhole?: boolean } = {},
): Promise<readonly Leak[]> {
  const { cast, changes, swept } = surroundings
  const leaks: Leak[] = []
  const canaries = await cast.canaries()
  await changes.take()
  for (const { signature, example, plannable } of swept) {
    if (referencesIn(signature).length === 0) continue
    if (example === null) {
      leaks.push({ action: signature.name, caller: '', place: '', what: 'it takes ids, and has no example in tests/examples' })
      continue
    }
    const cases = casesOf(signature, example, cast).filter(({ place }) => places === 'each' || place === everywhere)
    const asked = cases.flatMap((one) => askedOf(cast, isWhole || one.place === everywhere).map((caller) => ({ caller, one })))
    const compare = ({ caller, one }: (typeof asked)[number]) => compared({ signature, plannable }, one, caller, surroundings, canaries)
    // A plan counts what it did before it came second to another one: commands are planned one at a time.
    if (signature.kind === 'query') leaks.push(...(await sideBySide(asked, compare)).flat())
    else for (const one of asked) leaks.push(...(await compare(one)))
    const changed = await changes.take()
    if (changed.length > 0) leaks.push({ action: signature.name, caller: '', place: '', what: `it changed ${changed.join(', ')}` })
  }
  return leaks
}

/**
 * A command is planned first. One that would change something about what never was
 * acts on the caller's own things: then the plans must be the same, and it is not carried out.
 */
async function compared(
  { signature, plannable }: Pick<Swept, 'signature' | 'plannable'>,
  { place, foreign, unknown, said }: Case,
  caller: Caller,
  { cast, call, plan }: Surroundings,
  canaries: readonly string[],
): Promise<Leak[]> {
  const { name } = signature
  const found: Leak[] = []
  for (const way of plannable ? [plan, call] : [call]) {
    const theirs = withoutSaid(await told(way, name, foreign, caller), said?.[0])
    const noOnes = withoutSaid(await told(way, name, unknown, caller), said?.[1])
    const leak = (what: string): Leak => ({ action: name, caller: caller.name, place, what })
    found.push(...canariesIn(theirs, canaries).map((canary) => leak(`the answer holds ${canary}: ${theirs}`)))
    if (/"code":"request\.(?:invalid|internal|unknownAction)"/.test(theirs)) found.push(leak(`it never got to the question: ${theirs}`))
    if (!saysTheSame(theirs, noOnes, cast)) found.push(leak(`theirs: ${theirs}, and what never was: ${noOnes}`))
    if (place === everywhere && caller.token !== null && demandsNames(signature, foreign) && !saysNo(theirs))
      found.push(leak(`it should be NOT_FOUND: ${theirs}`))
    if (found.length > 0 || (way === plan && wouldChange(noOnes))) break
  }
  return found
}

/** That there is no such thing; or, asked about many at once, that nothing may be done with any of them. */
function saysNo(told: string): boolean {
  return told.includes('"code":"request.notFound"') || /^\{"answer":.*\{"allowed":\[false(?:,false)*\]\}+$/.test(told)
}

function wouldChange(told: string): boolean {
  const { answer } = JSON.parse(told) as { answer?: Pick<Plan, 'rows'> }
  return answer !== undefined && Object.keys(answer.rows).length > 0
}
