import { command, query, type Signature } from '../../packages/core/src/kernel/signature.ts'
import { isWholeMatrix } from '../matrix.ts'
import { secret } from '../../packages/core/src/kernel/secret.ts'
import { kinds } from '@denizen/core/calls'
import { assert, property, shuffledSubarray } from 'fast-check'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { candidates, cliCases, clientCases, everyCase, preparedCases } from './cases.ts'
import { calledIn, handMade } from './hand-made.ts'
import { choose, shapesOf, type Candidate, type Case } from './shapes.ts'

const every: readonly Case[] = ['succeeds', 'fails', 'is planned', 'is repeated with a key']
const all = candidates()

const shapesByName: Readonly<Record<Case, ReadonlyMap<string, ReadonlySet<string>>>> = {
  succeeds: shapesWhere('succeeds'),
  fails: shapesWhere('fails'),
  'is planned': shapesWhere('is planned'),
  'is repeated with a key': shapesWhere('is repeated with a key'),
}

function shapesWhere(which: Case): ReadonlyMap<string, ReadonlySet<string>> {
  return new Map(all.map((candidate) => [candidate.signature.name, shapesOf(candidate, which)]))
}

function coveredBy(names: readonly string[], which: Case): ReadonlySet<string> {
  return new Set(names.flatMap((name) => [...(shapesByName[which].get(name) ?? [])]))
}

/** An action that there is not. */
function madeUp(signature: Signature, traits: Partial<Candidate['traits']> = {}): Candidate {
  return { signature, traits: { inquiry: false, handlesSecret: false, keyless: false, failure: { kind: 'denied' }, ...traits } }
}

const nothing = z.object({})
const commandOf = (input: z.ZodType, output: z.ZodType = nothing) => command('made.up', { summary: '', input, output })

describe.each(every)('of what %s', (which) => {
  it('every shape is covered', () => {
    const covered = coveredBy(choose(all, which), which)
    const shapes = coveredBy([...shapesByName[which].keys()], which)
    expect([...shapes].filter((shape) => !covered.has(shape))).toEqual([])
    expect(shapes.size).toBeGreaterThan(0)
  })

  it('the same is chosen in whatever order, and nothing that brings no shape', () => {
    const chosen = choose(all, which)
    const names = all.map(({ signature }) => signature.name)
    // By name: fast-check would write a signature down with all that hangs on it.
    const candidatesIn = (order: readonly string[]) => order.flatMap((name) => all.filter(({ signature }) => signature.name === name))
    const orders = shuffledSubarray(names, { minLength: names.length })
    assert(
      property(orders, (order) => {
        expect(choose(candidatesIn(order), which)).toEqual(chosen)
      }),
      { numRuns: 3 },
    )
    for (const [index, name] of chosen.entries()) {
      const before = coveredBy(chosen.slice(0, index), which)
      expect([...coveredBy([name], which)].filter((shape) => !before.has(shape)).length).toBeGreaterThan(0)
    }
  })
})

/** Each with a shape that no action has: of a type or a combination that nobody thought of here. */
const newShapes: readonly (readonly [what: string, which: Case, candidate: Candidate])[] = [
  ['a set in the answer', 'succeeds', madeUp(commandOf(nothing, z.object({ names: z.set(z.string()) })))],
  ['a big integer in the input', 'succeeds', madeUp(commandOf(z.object({ amount: z.bigint() })))],
  ['a file in the input', 'succeeds', madeUp(commandOf(z.object({ picture: z.file() })))],
  ['bytes in a list in the answer', 'succeeds', madeUp(commandOf(nothing, z.object({ pictures: z.array(z.instanceof(Uint8Array)) })))],
  ['an answer of nothing at all', 'succeeds', madeUp(commandOf(nothing, z.void()))],
  ['a secret in a map', 'succeeds', madeUp(commandOf(nothing, z.map(z.string(), secret(z.string()))))],
  [
    'a date in a list in a URL',
    'succeeds',
    madeUp(query('made.up', { summary: '', input: z.object({ days: z.array(z.date()) }), output: nothing })),
  ],
  ['a schema that holds itself', 'succeeds', madeUp(commandOf(z.object({ tree: z.lazy(() => z.tuple([z.string()])) })))],
  ['another kind of error', 'fails', madeUp(commandOf(nothing), { failure: { kind: 'limited' } })],
  ['another kind of error that is counted', 'fails', madeUp(commandOf(nothing), { failure: { kind: 'conflict', counted: true } })],
]

describe('an action with a new shape would be chosen:', () => {
  it.each(newShapes)('%s', (_what, which, candidate) => {
    expect(choose([...all, candidate], which)).toContain('made.up')
  })

  it('one with the shapes of another would not', () => {
    const [first] = all
    if (first === undefined) throw new Error('there are actions')
    const twin = { ...first, signature: { ...first.signature, name: 'zzz.twin' } }
    for (const which of every) expect(choose([...all, twin], which)).not.toContain('zzz.twin')
  })
})

describe('the shapes of an example by hand', () => {
  it('are those of its input, of its answer and of how it travels', () => {
    const signature = query('made.up', {
      summary: '',
      input: z.object({ since: z.date().nullable().optional(), limit: z.int(), cursor: z.string().optional() }),
      output: z.object({ items: z.array(z.string()), nextCursor: z.string().nullable(), token: secret(z.string()) }),
    })
    expect([...shapesOf(madeUp(signature), 'succeeds')].toSorted()).toEqual([
      'output array in object',
      'output nullable in object',
      'output object in nothing',
      'output page in nothing',
      'output secret in object',
      'output string in array',
      'output string in nullable',
      'output string in object',
      'query',
      "query's input cursor in nothing",
      "query's input date in nullable",
      "query's input nullable in optional",
      "query's input number (safeint) in object",
      "query's input object in nothing",
      "query's input optional in object",
      "query's input optional or null in object",
      "query's input string in optional",
    ])
  })

  it('are of a plan and of a key what the answer and the rules make them', () => {
    const [open, guarded] = [madeUp(commandOf(nothing)), madeUp(commandOf(nothing, secret(z.string())), { handlesSecret: true })]
    const asked = madeUp(commandOf(nothing), { inquiry: true })
    const strangers = madeUp(commandOf(nothing, secret(z.string())), { keyless: true })
    expect([open, guarded, asked].map((candidate) => [...shapesOf(candidate, 'is planned')])).toEqual([['plan'], ['plan refused'], []])
    expect([open, guarded, asked, strangers].map((candidate) => [...shapesOf(candidate, 'is repeated with a key')])).toEqual([
      ['key answers the same again'],
      ['key answers a secret once'],
      [],
      ['key refused'],
    ])
  })
})

describe('what the commands of the command line call in code of their own', () => {
  it('is found in their sources', () => {
    expect(calledIn(`await calls.users.import({}); callNamed(connection.calls, 'tokens.get'); calls.access.plan`)).toEqual([
      'users.import',
      'access.plan',
      'tokens.get',
    ])
    expect([...handMade()].filter((name) => !Object.hasOwn(kinds, name))).toEqual([])
  })

  it('is called by the command line as it succeeds and as it fails, whatever its shape', () => {
    const cases = cliCases(clientCases()).map(String)
    expect(handMade().size).toBeGreaterThan(0)
    for (const name of handMade()) expect(cases).toEqual(expect.arrayContaining([`${name},succeeds`, `${name},fails`]))
  })

  it('the whole matrix is every action, twice, and a client is asked for all of it or for what was chosen', () => {
    const chosen = every.flatMap((which) => choose(all, which).map((name) => `${name},${which}`))
    const whole = [...everyCase(), ...preparedCases()].map(String)
    expect(everyCase()).toHaveLength(2 * Object.keys(kinds).length)
    const expected = isWholeMatrix ? whole : chosen
    expect(clientCases().map(String).toSorted()).toEqual(expected.toSorted())
  })
})
