import { expect, test } from 'vitest'
import { actions } from './actions.ts'
import { commonErrors } from './common-errors.ts'
import * as kernel from './kernel/errors.ts'

const common = commonErrors.map(({ code }) => code)

test('every error of the kernel is one that any action may answer', () => {
  const defined = Object.values(kernel).flatMap((value) => (typeof value === 'function' && 'code' in value ? [value.code] : []))
  expect(common).toEqual(expect.arrayContaining(defined))
})

test('no signature names an error twice, nor one that every action may answer', () => {
  const named = [...actions].map(([name, { signature }]) => [name, (signature.errors ?? []).map(({ code }) => code)] as const)
  const doubled = named.filter(([, codes]) => new Set([...codes, ...common]).size < codes.length + common.length)
  expect(doubled).toEqual([])
})
