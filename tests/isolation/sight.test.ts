import { expect, test } from 'vitest'
import { blindPlaces } from './blind.ts'
import { all, useSurroundings } from './surroundings.ts'

const surroundings = useSurroundings(all)

test('whoever may know gets another answer for what is there, in every place: the sweep can see', async () => {
  expect(await blindPlaces(surroundings())).toEqual([])
})
