import { DenizenError, type Plan, type Signature } from '@denizen/core/contract'
import type { SystemDatabase } from '../database.ts'
import { casesOf, demandsNames, everywhere, referencesIn, tellingCasesOf, type Case, type Input } from './cases.ts'
import { withoutSaid } from './documents.ts'
import type { Caller, Cast } from './cast.ts'

/** An action as the sweep takes it: what is known of it from outside, and an input that succeeds for somebody. */
export interface Swept {
  readonly signature: Signature
  /** null: nobody gave one. */
  readonly example: Input | null
  /** Whether there is a plan of it. */
  readonly plannable: boolean
}

/** A way to call an action: the pipeline in this process, or a server over HTTP. */
export type Call = (name: string, input: Input, caller: Caller) => Promise<unknown>

/** What lets something of another organization through, and how it shows. */
export interface Leak {
  readonly action: string
  readonly caller: string
  readonly place: string
  readonly what: string
}

/** A leak in one line. */
export function lineOf({ action, caller, place, what }: Leak): string {
  return [action, caller, place, what].join(' | ').slice(0, 1000)
}

export interface Surroundings {
  readonly database: SystemDatabase
  readonly cast: Cast
  readonly call: Call
  /** What a call would do. */
  readonly plan: Call
}

/**
 * Calls every action with things of another organization, as everybody who has no
 * business there: the answer must be the one for what never was, nothing may
 * change, and nothing of that organization may be in any answer.
 */
export async function sweep(
  surroundings: Surroundings,
  actions: readonly Swept[],
  places: 'each' | 'together' = 'each',
): Promise<readonly Leak[]> {
  const { database, cast } = surroundings
  const leaks: Leak[] = []
  const canaries = await cast.canaries()
  let before = await fingerprint(database)
  for (const { signature, example, plannable } of actions) {
    if (referencesIn(signature).length === 0) continue
    if (example === null) {
      leaks.push({ action: signature.name, caller: '', place: '', what: 'it takes ids, and has no example in tests/examples' })
      continue
    }
    const cases = casesOf(signature, example, cast).filter(({ place }) => places === 'each' || place === everywhere)
    for (const caller of cast.strangers)
      leaks.push(...(await Promise.all(cases.map((one) => compared({ signature, plannable }, one, caller, surroundings, canaries)))).flat())
    const after = await fingerprint(database)
    const changed = Object.keys(after).filter((table) => after[table] !== before[table])
    if (changed.length > 0) leaks.push({ action: signature.name, caller: '', place: '', what: `it changed ${changed.join(', ')}` })
    before = after
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
    if (nameless(theirs, cast) !== nameless(noOnes, cast)) found.push(leak(`theirs: ${theirs}, and what never was: ${noOnes}`))
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

/** What a caller is told, as text. */
export async function told(call: Call, name: string, input: Input, caller: Caller): Promise<string> {
  try {
    return JSON.stringify({ answer: await call(name, input, caller) })
  } catch (error) {
    if (!(error instanceof DenizenError)) throw error
    const { code, kind, message, details } = error
    return JSON.stringify({ error: { code, kind, message, details } })
  }
}

/** What gives another organization away in a text. */
export function canariesIn(text: string, canaries: readonly string[]): string[] {
  const lowered = text.toLowerCase()
  return canaries.filter((canary) => lowered.includes(canary))
}

/** The same for both: what the caller said themselves, and where a page ended, whose seal is never the same twice. */
function nameless(text: string, { foreign, unknown }: Cast): string {
  const said = [foreign, unknown].flatMap((things) => Object.values(things).flat())
  return said.reduce(
    (rest, thing) => rest.replaceAll(JSON.stringify(thing), '"…"'),
    // Cursors and signed tokens are other ones each time, and so is until now (`to`); when somebody was seen is written a while later.
    text.replaceAll(/"(nextCursor|lastSeenAt|to)":"[^"]+"/g, '"$1":"…"').replaceAll(/"eyJ[\w.-]+","expiresAt":"[^"]+"/g, '"…"'),
  )
}

/** What every table holds, but for what is written about calls themselves; when somebody was seen is written a while later. */
async function fingerprint({ rows }: SystemDatabase): Promise<Readonly<Record<string, string>>> {
  const tables = await rows<{ name: string }>(
    `select relname as name from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and not relispartition
      and relname not in ('audit_entries', 'login_attempts', 'user_activity', 'permission_uses') order by 1`,
  )
  const row = `(to_jsonb(t) - '{last_seen_at,last_used_at}'::text[])::text`
  const sums = tables.map(({ name }) => `(select md5(string_agg(${row}, ' ' order by ${row})) from "${name}" t) as "${name}"`)
  const [all] = await rows<Record<string, string>>(`select ${sums.join(', ')}`)
  return { ...all }
}

/**
 * Asks everybody for everything that they may ask for, lets the other organization
 * grow, and asks again: nobody may get another answer, for nothing of it is counted.
 */
export async function sweepTotals({ cast, call }: Surroundings, actions: readonly Swept[]): Promise<readonly Leak[]> {
  const ask = async (): Promise<Map<string, { leak: Omit<Leak, 'what'>; text: string }>> => {
    const answers = new Map<string, { leak: Omit<Leak, 'what'>; text: string }>()
    for (const { signature, example } of actions) {
      if (signature.kind !== 'query' || example === null) continue
      for (const [index, input] of ownInputs(signature, example, cast).entries())
        await Promise.all(
          cast.strangers.map(async (caller) => {
            const leak = { action: signature.name, caller: caller.name, place: `input ${index}` }
            answers.set(JSON.stringify(leak), { leak, text: await told(call, signature.name, input, caller) })
          }),
        )
    }
    return answers
  }
  const before = await ask()
  await cast.grow()
  const canaries = await cast.canaries()
  const after = await ask()
  return [...after].flatMap(([key, { leak, text }]) => {
    const found = canariesIn(text, canaries).map((canary) => ({ ...leak, what: `the answer holds ${canary}: ${text}` }))
    const earlier = before.get(key)?.text ?? ''
    return nameless(earlier, cast) === nameless(text, cast) ? found : [...found, { ...leak, what: `it was ${earlier}, and is ${text}` }]
  })
}

/** The example and the example about one's own things, with everything counted that can be. */
function ownInputs(signature: Signature, example: Input, cast: Cast): readonly Input[] {
  const counting = [{ ...example, total: true }, example].find((input) => signature.input.safeParse(input).success) ?? example
  const own = casesOf(signature, counting, { ...cast, foreign: { ...cast.foreign, ...cast.own }, unknown: cast.own })
  return [counting, ...own.map(({ foreign }) => foreign)].filter((input) => signature.input.safeParse(input).success)
}

/** Places where even somebody who may know gets the same answer for what is there and for what never was: there the sweep sees nothing. */
export async function blindPlaces({ cast, call, plan }: Surroundings, actions: readonly Swept[]): Promise<readonly string[]> {
  const blind: string[] = []
  for (const { signature, example, plannable } of actions) {
    if (example === null) continue
    const telling = new Map<string, boolean>()
    for (const one of tellingCasesOf(signature, example, cast)) {
      const way = signature.kind === 'command' && plannable ? plan : call
      let tells = false
      for (const caller of cast.insiders) {
        const noOnes = await told(way, signature.name, one.unknown, caller)
        const theirs = await told(way, signature.name, one.foreign, caller)
        tells ||= nameless(theirs, cast) !== nameless(noOnes, cast)
      }
      telling.set(one.place, tells || telling.get(one.place) === true)
    }
    blind.push(...[...telling].flatMap(([place, tells]) => (tells ? [] : [`${signature.name}: ${place}`])))
  }
  return blind
}
