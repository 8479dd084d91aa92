import { expect, test } from 'vitest'
import { mergePatch } from './merge-patch.ts'

/** RFC 7396, appendix A: the cases whose target and patch are objects. */
test.each([
  [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
  [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
  [{ a: 'b' }, { a: null }, {}],
  [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
  [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
  [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
  [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
  [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
  [{ e: null }, { a: 1 }, { e: null, a: 1 }],
  [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  // and ours
  [{}, {}, {}],
  [{ a: 1 }, {}, { a: 1 }],
  [{ a: [1] }, { a: { b: 2 } }, { a: { b: 2 } }],
  [{}, { a: [null] }, { a: [null] }],
  [{ a: { b: { c: 1, d: 2 } } }, { a: { b: { c: null } } }, { a: { b: { d: 2 } } }],
])('%j changed by %j is %j', (target, patch, expected) => {
  const before = JSON.stringify([target, patch])
  expect(mergePatch(target, patch)).toEqual(expected)
  expect(JSON.stringify([target, patch])).toBe(before)
})
