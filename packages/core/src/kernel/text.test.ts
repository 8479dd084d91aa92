import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { z } from 'zod'
import { jsonObject, multiLine, singleLine } from './text.ts'

function complaint(schema: z.ZodType, value: unknown): string | undefined {
  return schema.safeParse(value).error?.issues[0]?.message
}

describe('singleLine', () => {
  test('is trimmed and in NFC', () => {
    expect(singleLine(200).parse('  Zoe\u0308 ')).toBe('Zo\u00eb')
  })

  test.each(['\u0000', '\n', '\r', '\t', '\u001b', '\u007f', '\u0085', '\u2028', '\u2029'])(
    'refuses the control character %j',
    (letter) => {
      expect(complaint(singleLine(200), `a${letter}b`)).toBe('control characters and line breaks are not allowed')
    },
  )

  test('refuses half a character', () => {
    expect(complaint(singleLine(5), 'a\ud800')).toBe('half a character: this is not well-formed Unicode')
  })

  test('refuses what is longer than its maximum', () => {
    expect(singleLine(5).safeParse('12345').success).toBe(true)
    expect(singleLine(5).safeParse('123456').success).toBe(false)
  })
})

describe('multiLine', () => {
  test('takes line breaks and tabs, and no other control character', () => {
    expect(multiLine(20).parse('a\n\tb\r\nc')).toBe('a\n\tb\r\nc')
    for (const letter of ['\u0000', '\u001b', '\u007f', '\u2028']) {
      expect(complaint(multiLine(20), `a${letter}b`)).toBe('control characters are not allowed')
    }
  })
})

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
