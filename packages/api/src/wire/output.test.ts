import fc from 'fast-check'
import superjson from 'superjson'
import { describe, expect, it } from 'vitest'
import { serializeOutput } from './output.ts'

const date = fc.date({ noInvalidDate: true })
const key = fc.oneof(fc.string(), fc.constantFrom('a.b', 'a\\b', '', '0', 'createdAt', '\\.'))
const plain = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.string(),
    fc.boolean(),
    fc.integer(),
    fc.double({ noNaN: true }),
    fc.constant(null),
    date,
    tie('list'),
    tie('object'),
  ),
  list: fc.array(tie('value'), { maxLength: 6 }),
  object: fc.dictionary(
    key.filter((name) => !['__proto__', 'constructor', 'prototype'].includes(name)),
    tie('value'),
    { maxKeys: 6, noNullPrototype: true },
  ),
})).value
const anything = fc.anything({ withDate: true, withBigInt: true, withMap: true, withSet: true, withNullPrototype: false })

const wire = (value: unknown): string => JSON.stringify(value)

describe('what an answer looks like on the wire', () => {
  it('is, for trees of JSON and dates, what superjson writes', () => {
    fc.assert(
      fc.property(plain, (value) => {
        expect(JSON.parse(wire(serializeOutput(value)))).toEqual(JSON.parse(wire(superjson.serialize(structuredClone(value)))))
      }),
      { numRuns: 2000 },
    )
  })

  it('is read back by superjson as what it was, whatever it was', () => {
    fc.assert(
      fc.property(anything, (value) => {
        const written = attempt(() => wire(superjson.serialize(value)))
        const ours = attempt(() => wire(serializeOutput(value)))
        expect(ours === null).toBe(written === null)
        if (ours !== null && written !== null) expect(superjson.parse(ours)).toEqual(superjson.parse(written))
      }),
      { numRuns: 2000 },
    )
  })

  it.each([
    ['a number that JSON lacks', [Number.NaN]],
    ['minus nothing', { a: -0 }],
    ['nothing', { a: undefined }],
    ['no date', { a: new Date(Number.NaN) }],
    ['a map', new Map([['a', new Date(0)]])],
    ['a set', { a: new Set([1]) }],
    ['a big number', { a: 10n }],
    ['a date alone', new Date(5)],
    ['an object of a class', { a: new URL('https://example.org/') }],
  ])('is left to superjson for %s', (_, value) => {
    expect(wire(serializeOutput(value))).toBe(wire(superjson.serialize(value)))
  })

  it('repeats what stands in two places', () => {
    const shared = { at: new Date(0) }
    expect(superjson.parse(wire(serializeOutput({ one: shared, two: [shared] })))).toEqual({ one: shared, two: [shared] })
  })

  it('ends also where a value contains itself', () => {
    const circle: Record<string, unknown> = {}
    circle['self'] = circle
    expect(serializeOutput(circle)).toEqual(superjson.serialize(circle))
  })
})

function attempt(work: () => string): string | null {
  try {
    return work()
  } catch {
    return null
  }
}
