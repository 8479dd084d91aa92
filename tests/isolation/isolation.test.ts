import { DenizenError, signatures, type ErrorKind, type Signature } from '@denizen/core/contract'
import { runnerOf } from '@denizen/core/testing'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { actions } from '../../packages/core/src/actions.ts'
import { isCommand, type Action } from '../../packages/core/src/kernel/action.ts'
import { openDatabase, type SystemDatabase } from '../database.ts'
import { examples, type Examples } from '../examples/index.ts'
import { referencesIn, referringFields } from './cases.ts'
import { castOf, type Cast } from './cast.ts'
import { sweepCursors } from './cursors.ts'
import { mistakes } from './leaky.ts'
import { blindPlaces, lineOf, sweep, sweepTotals, type Call, type Surroundings, type Swept } from './sweep.ts'
import { endPrograms, startServer } from '../processes.ts'
import { failureIn, send } from '../requests.ts'

/** ABUSE 13, 14, 16: from another organization nothing is there, whatever the action, the caller and the place of the id. */
const all: readonly Signature[] = Object.values(signatures).flatMap((namespace) => Object.values<Signature>(namespace))

// Every action, in every place, as everybody: the longest test there is.
vi.setConfig({ testTimeout: 600_000, hookTimeout: 120_000 })

let database: SystemDatabase
let cast: Cast
let swept: readonly Swept[]
beforeAll(async () => {
  database = await openDatabase()
  swept = await withExamples(database)
  cast = await castOf(database)
})
afterAll(endPrograms)
afterAll(() => database.close())

/** Every action, with the input of the example that succeeds. */
async function withExamples(place: SystemDatabase): Promise<readonly Swept[]> {
  const world = { database: place, admin: await place.people.asSuperadmin() }
  const made: Swept[] = []
  for (const signature of all) {
    const example = (examples as Readonly<Record<string, Examples | undefined>>)[signature.name]
    const action = actions.get(signature.name)
    const plannable = action !== undefined && isCommand(action) && action.secretive !== true
    made.push({ signature, plannable, example: example === undefined ? null : (await example.succeeds(world)).input })
  }
  return made
}

/** The pipeline in this process, with more actions than the product has. */
function inProcess(more: readonly Action[] = []): Surroundings {
  const { run, plan } = runnerOf({ orm: database.core.orm, ports: database.ports }, more)
  return {
    database,
    cast,
    call: (name, input, { actor }) => run(name, input, actor),
    plan: (name, input, { actor }) => plan(name, input, actor),
  }
}

function overHttp(url: string): Call {
  return async (name, input, { token }) => {
    const headers = { 'content-type': 'application/json', ...(token === null ? {} : { authorization: `Bearer ${token}` }) }
    const body = JSON.stringify({ json: input })
    const isQuery = actions.get(name)?.signature.kind === 'query'
    const answer = await (isQuery
      ? send(url, `/trpc/${name}?input=${encodeURIComponent(body)}`, { headers })
      : send(url, `/trpc/${name}`, { method: 'POST', headers, body }))
    if (answer.status === 200) return JSON.parse(answer.text)
    const { code, kind, message, details } = failureIn(answer)
    throw new DenizenError(code, kind as ErrorKind, message, { ...details, status: answer.status })
  }
}

test('ABUSE 13: nobody learns of, or changes, anything of another organization', async () => {
  expect((await sweep(inProcess(), swept)).map(lineOf)).toEqual([])
})

test('nor over HTTP', async () => {
  const { url } = await startServer(database.environment)
  expect((await sweep({ ...inProcess(), call: overHttp(url) }, swept, 'together')).map(lineOf)).toEqual([])
})

test('nothing of another organization is counted', async () => {
  expect((await sweepTotals(inProcess(), swept)).map(lineOf)).toEqual([])
})

test('ABUSE 16: a cursor of another organization is worth nothing', async () => {
  expect((await sweepCursors(inProcess(), swept)).map(lineOf)).toEqual([])
})

test('actions that leak by mistake are caught, each by what it leaks; one without an example, by its name', async () => {
  const leaky = mistakes.map(({ action, example }): Swept => {
    return { signature: action.signature, plannable: isCommand(action) && action.secretive !== true, example }
  })
  const around = inProcess(mistakes.map(({ action }) => action))
  const lines = [...(await sweep(around, leaky)), ...(await sweepTotals(around, leaky))].map(lineOf)
  for (const { caught } of mistakes) expect(lines).toContainEqual(expect.stringMatching(caught))
  const [first] = leaky
  if (first === undefined) throw new Error('there are some')
  const unseen = await sweep(around, [{ ...first, example: null }])
  expect(unseen.map(lineOf)).toEqual([expect.stringMatching(/^leaky\.show \|.*has no example/)])
})

test('the texts that refer to somebody are looked for in fields that there are', () => {
  const fields = new Set(all.flatMap((signature) => referencesIn(signature).map(({ path }) => path[0])))
  expect(referringFields.filter((field) => !fields.has(field))).toEqual([])
})

test('whoever may know gets another answer for what is there, in every place: the sweep can see', async () => {
  expect(await blindPlaces(inProcess(), swept)).toEqual([])
})
