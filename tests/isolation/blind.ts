import { saysTheSame, told } from './answers.ts'
import { tellingCasesOf } from './cases.ts'
import { sideBySide } from './side-by-side.ts'
import type { Surroundings, Swept } from './surroundings.ts'

/** Places where even somebody who may know gets the same answer for what is there and for what never was: there the sweep sees nothing. */
export async function blindPlaces(surroundings: Surroundings): Promise<readonly string[]> {
  const { swept } = surroundings
  const carriedOut = swept.filter((one) => one.signature.kind === 'command' && !one.plannable)
  const asked = swept.filter((one) => !carriedOut.includes(one))
  const blind = await sideBySide(asked, (one) => blindPlacesOf(one, surroundings))
  // These change what there is, and what the others would be told.
  for (const one of carriedOut) blind.push(await blindPlacesOf(one, surroundings))
  return blind.flat()
}

async function blindPlacesOf({ signature, example, plannable }: Swept, { cast, call, plan }: Surroundings): Promise<readonly string[]> {
  if (example === null) return []
  const telling = new Map<string, boolean>()
  const way = signature.kind === 'command' && plannable ? plan : call
  for (const { place, foreign, unknown } of tellingCasesOf(signature, example, cast)) {
    let tells = telling.get(place) === true
    for (const caller of cast.insiders) {
      if (tells) break
      const noOnes = await told(way, signature.name, unknown, caller)
      const theirs = await told(way, signature.name, foreign, caller)
      tells = !saysTheSame(theirs, noOnes, cast)
    }
    telling.set(place, tells)
  }
  return [...telling].flatMap(([place, tells]) => (tells ? [] : [`${signature.name}: ${place}`]))
}
