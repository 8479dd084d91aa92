import { expect, it } from 'vitest'
import { examples } from '../examples/index.ts'
import { names } from './cases.ts'
import { callEveryAction } from './every-action.ts'

it('every action has an example here', () => {
  expect(names.filter((name) => !(name in examples))).toEqual([])
})

callEveryAction(0, 2)
