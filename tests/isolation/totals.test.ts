import { expect, test } from 'vitest'
import { all, lineOf, useSurroundings } from './surroundings.ts'
import { sweepTotals } from './totals.ts'

const surroundings = useSurroundings(all.filter(({ kind }) => kind === 'query'))

test('ABUSE 13: nothing of another organization is counted', async () => {
  expect((await sweepTotals(surroundings())).map(lineOf)).toEqual([])
})
