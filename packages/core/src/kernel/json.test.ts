import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { z } from 'zod'
import { jsonObject } from './json.ts'

function complaint(schema: z.ZodType, value: unknown): string | undefined {
  return schema.safeParse(value).error?.issues[0]?.message
}

describe('jsonObject', () => {
  const schema = jsonObject(1000)
  const nested = (depth: number): unknown => (depth === 0 ? 1 : { a: nested(depth - 1) })

  test('keeps every JSON object as it is', () => {
    const plain = fc.dictionary(
      fc.string({ minLength: 1, maxLength: 8 }).filter((key) => key !== '__proto__' && !key.includes('\u0000')),
      fc.jsonValue({ maxDepth: 3 }),
    )
    fc.assert(
      fc.property(plain, (value) => {
        const text = JSON.stringify(value)
        fc.pre(text.length <= 1000 && !/\\u0000|"(__proto__|constructor|prototype)"/.test(text))
        expect(JSON.stringify(schema.parse(JSON.parse(text)))).toBe(text)
      }),
    )
  })

  test.each([
    ['an array', [], 'expected a JSON object'],
    ['null', null, 'expected a JSON object'],
    ['text', 'a', 'expected a JSON object'],
    ['a reserved key', JSON.parse('{"__proto__":{"a":1}}'), 'the key "__proto__" is reserved'],
    ['a reserved key, deep', { a: [{ constructor: 1 }] }, 'the key "constructor" is reserved'],
    ['another reserved key', { prototype: 1 }, 'the key "prototype" is reserved'],
    ['a key with NUL', { 'a\u0000': 1 }, 'NUL characters are not allowed'],
    ['NUL in a value', { a: ['b\u0000'] }, 'NUL characters are not allowed'],
    ['half a character in a value', { a: '\udfff' }, 'half a character: this is not well-formed Unicode'],
    ['half a character in a key', { '\udfff': 1 }, 'half a character: this is not well-formed Unicode'],
    ['infinity', { a: Infinity }, 'numbers must be finite'],
    ['not a number', { a: NaN }, 'numbers must be finite'],
    ['a date', { a: new Date(0) }, 'only JSON values are allowed'],
    ['a map', { a: new Map() }, 'only JSON values are allowed'],
    ['undefined', { a: undefined }, 'only JSON values are allowed'],
    ['a function', { a: () => 1 }, 'only JSON values are allowed'],
    ['a big integer', { a: 1n }, 'only JSON values are allowed'],
    ['17 levels', nested(17), 'nested more than 16 deep'],
    ['a thousand levels', nested(1000), 'nested more than 16 deep'],
    ['too much', { a: 'x'.repeat(1000) }, 'at most 1000 characters of JSON'],
  ])('refuses %s', (_name, value, message) => {
    expect(complaint(schema, value)).toBe(message)
  })

  test('takes 16 levels', () => {
    expect(schema.safeParse(nested(16)).success).toBe(true)
  })
})
