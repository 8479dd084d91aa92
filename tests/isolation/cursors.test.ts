import { expect, test } from 'vitest'
import { hasPages, sweepCursors } from './cursors.ts'
import { all, lineOf, useSurroundings } from './surroundings.ts'

const surroundings = useSurroundings(all.filter(hasPages))

test('ABUSE 16: a cursor of another organization is worth nothing', async () => {
  expect((await sweepCursors(surroundings())).map(lineOf)).toEqual([])
})
