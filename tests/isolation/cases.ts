import { holdsSecret, type Signature } from '@denizen/core/contract'
import type { Case, Input } from './case.ts'
import type { Cast, Things } from './cast.ts'
import { documentCases } from './documents.ts'
import { acceptable, isSaid, nameOf, placesOf, withValue, type Place } from './places.ts'

export type { Case, Input } from './case.ts'

/** The fields of texts that say whom or what is meant; what stands in them is a reference like an id. */
export const referringFields: readonly string[] = ['identifier', 'search', 'query']

/** Every place where an input refers to something: by its id, or by a text. Beside a secret a text only says who calls: `auth.signIn`. */
export function referencesIn(signature: Signature): readonly Place[] {
  const fields = holdsSecret(signature.input) ? [] : Object.keys((signature.input as { shape?: object }).shape ?? {})
  const texts = fields.filter((field) => referringFields.includes(field)).map((field) => ({ path: [field], prefix: field }))
  return [...placesOf(signature.input), ...texts]
}

/** Whether an action cannot be called without saying by its id what it is about. */
export function demandsNames(signature: Signature, input: Input): boolean {
  const places = placesOf(signature.input)
  // Policies and runs of jobs are the installation's: who may not change them may not, whatever is named.
  if (places.some(({ prefix }) => prefix === 'pol' || prefix === 'run')) return false
  // A batch over the whole installation: so may not whoever may do it in an organization only.
  if (places.some(({ path }) => path[0] === 'userIds') && !places.some(({ path }) => path[0] === 'organizationId')) return false
  return places
    .filter(({ path }) => isSaid(input, path))
    .some(({ path }) => !signature.input.safeParse(Object.fromEntries(Object.entries(input).filter(([key]) => key !== path[0]))).success)
}

/** What stands in a place: each place of a kind names another thing of that kind. */
function namedIn(things: Things, places: readonly Place[], { path, prefix }: Place): string {
  const pool = things[prefix] ?? []
  const index = places.filter((place) => place.prefix === prefix).findIndex((place) => nameOf(place) === nameOf({ path }))
  const thing = pool[index % pool.length]
  if (thing === undefined) throw new Error(`tests/isolation/cast.ts has nothing of the kind ${prefix}: give each organization some`)
  return thing
}

/** The example without what may be left out and names nothing: a filter of its own would hide from the sweep what is there. */
function bared(signature: Signature, example: Input): Input {
  const said = referencesIn(signature).filter(({ path }) => isSaid(example, path))
  const naming = new Set(said.map(({ path }) => path[0]))
  return Object.keys(example)
    .filter((key) => !naming.has(key))
    .reduce((input, key) => {
      const rest = Object.fromEntries(Object.entries(input).filter(([other]) => other !== key))
      return signature.input.safeParse(rest).success ? rest : input
    }, example)
}

/** The input with things of one side in all places that it speaks of; and the organization, if it can say one. */
function filled(signature: Signature, example: Input, things: Things, { sayOrganization }: { sayOrganization: boolean }): Input {
  const places = referencesIn(signature)
  const bare = bared(signature, example)
  const spoken = places.filter((place) => isSaid(bare, place.path) || (sayOrganization && nameOf(place) === 'organizationId'))
  return spoken.reduce((input, place) => named(signature, input, place, namedIn(things, places, place), things[place.prefix] ?? []), bare)
}

/** The input with a thing at a place. A list holds nothing else, unless it has to: then others of the same kind. */
function named(signature: Signature, input: Input, { path }: Place, thing: string, others: readonly string[]): Input {
  if (path.at(-1) !== 0) return withValue(input, path, thing) as Input
  const listed = path.slice(0, -1)
  const lists = [1, 2, 3].map((length) => [thing, ...others.filter((other) => other !== thing)].slice(0, length))
  const inputs = lists.map((list) => withValue(input, listed, list) as Input)
  return inputs.find((one) => signature.input.safeParse(one).success) ?? inputs[0] ?? input
}

/**
 * Each place by itself, with one's own things in the others; and all of them together.
 * Where the organization may be left out, each is called with it and without; what is deep inside a filter, with it.
 */
export function casesOf(signature: Signature, example: Input, { own, foreign, unknown }: Cast): readonly Case[] {
  const places = referencesIn(signature)
  const bases = [false, true].map((sayOrganization) => filled(signature, example, own, { sayOrganization }))
  const single = places.flatMap((place) =>
    variants(foreign, unknown, place).flatMap(([theirs, noOnes]) =>
      (place.path.length > 1 ? bases.slice(1) : bases).map((base) => caseOf(signature, base, own, place, theirs, noOnes)),
    ),
  )
  const [all, nothing] = [foreign, unknown].map((things) => {
    const whole = filled(signature, example, things, { sayOrganization: true })
    return acceptable(signature.input, whole, { path: [], prefix: '' }) ?? whole
  }) as [Input, Input]
  return distinct([
    ...single,
    { place: everywhere, foreign: all, unknown: nothing },
    ...documentCases(signature, { own, foreign, unknown }),
  ])
}

/** The same with all else of the other organization too, for whoever may know of it: only the place tells the two apart. */
export function tellingCasesOf(signature: Signature, example: Input, { foreign, unknown }: Cast): readonly Case[] {
  const base = filled(signature, example, foreign, { sayOrganization: true })
  const places = placesOf(signature.input)
  return places.flatMap((place) =>
    (foreign[place.prefix] ?? []).map((theirs) => caseOf(signature, base, foreign, place, theirs, namedIn(unknown, places, place))),
  )
}

/** The name of the case in which every place holds something of the other side. */
export const everywhere = 'all of them'

/** Things that are not found in one way: in an organization or outside of any, on this and on that. Each of them is tried. */
const ofManyNatures: ReadonlySet<string> = new Set(['res', 'asg'])

function variants(foreign: Things, unknown: Things, { prefix }: Place): readonly (readonly [string, string])[] {
  const theirs = foreign[prefix] ?? []
  const noOnes = unknown[prefix] ?? []
  if (theirs.length === 0 || noOnes.length === 0)
    throw new Error(`tests/isolation/cast.ts has nothing of the kind ${prefix}: give each organization some`)
  const many = referringFields.includes(prefix) || ofManyNatures.has(prefix) ? theirs : theirs.slice(0, 1)
  return many.map((thing, index) => [thing, noOnes[index % noOnes.length] ?? thing] as const)
}

/** Where the place cannot stand alone (a session of a user who has to be named), with more of what is called by its id. */
function caseOf(signature: Signature, base: Input, things: Things, place: Place, theirs: string, noOnes: string): Case {
  const places = placesOf(signature.input)
  const fuller = places.filter(({ path }) => path.length === 1).map((more) => withValue(base, more.path, namedIn(things, places, more)))
  const [foreign, unknown] = [theirs, noOnes].map((thing) => {
    const inputs = [base, ...fuller].map((one) => acceptable(signature.input, withValue(one, place.path, thing), place))
    return inputs.find((one) => one !== null)
  })
  if (foreign === undefined || unknown === undefined)
    throw new Error(`${signature.name}: no valid input was found with something in ${nameOf(place)}; its example has to leave room for it`)
  return { place: nameOf(place), foreign, unknown }
}

function distinct(cases: readonly Case[]): readonly Case[] {
  return [...new Map(cases.map((one) => [JSON.stringify(one.foreign), one])).values()]
}
