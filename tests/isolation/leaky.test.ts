import { readdir } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { referencesIn, referringFields } from './cases.ts'
import { mistakes } from './leaky.ts'
import { shards } from './pipeline.ts'
import { all, isPlannable, lineOf, useSurroundings, type Surroundings, type Swept } from './surroundings.ts'
import { sweep } from './sweep.ts'
import { sweepTotals } from './totals.ts'

const surroundings = useSurroundings(
  [],
  mistakes.map(({ action }) => action),
)

const leaky = mistakes.map(({ action, example }): Swept => ({ signature: action.signature, plannable: isPlannable(action), example }))
const sweeping = (swept: readonly Swept[]): Surroundings => ({ ...surroundings(), swept })

test('actions that leak by mistake are caught, each by what it leaks', async () => {
  const lines = [...(await sweep(sweeping(leaky), { isWhole: true })), ...(await sweepTotals(sweeping(leaky), true))].map(lineOf)
  for (const { caught } of mistakes) expect(lines).toContainEqual(expect.stringMatching(caught))
})

test('an action without an example is caught by its name', async () => {
  const unseen = await sweep(sweeping(leaky.slice(0, 1).map((one) => ({ ...one, example: null }))))
  expect(unseen.map(lineOf)).toEqual([expect.stringMatching(/^leaky\.show \|.*has no example/)])
})

test('the texts that refer to somebody are looked for in fields that there are', () => {
  const fields = new Set(all.flatMap((signature) => referencesIn(signature).map(({ path }) => path[0])))
  expect(referringFields.filter((field) => !fields.has(field))).toEqual([])
})

test('every shard of the sweep has its file', async () => {
  const files = (await readdir(import.meta.dirname)).filter((file) => /^pipeline-\d+\.test\.ts$/.test(file))
  expect(files.toSorted()).toEqual(Array.from({ length: shards }, (_, index) => `pipeline-${index + 1}.test.ts`))
})
