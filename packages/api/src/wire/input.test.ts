import { DenizenError } from '@denizen/core'
import fc from 'fast-check'
import superjson, { SuperJSON } from 'superjson'
import { describe, expect, it } from 'vitest'
import { readInput } from './input.ts'

/** What went wrong, as one line; fails when nothing did, or something else than a typed refusal. */
function complaint(payload: unknown): string {
  try {
    const input = readInput(payload)
    return `read: ${JSON.stringify(input)}`
  } catch (error) {
    if (!(error instanceof DenizenError)) throw error
    expect(error).toMatchObject({ code: 'request.invalid', kind: 'invalid' })
    return error.message
  }
}

const nested = (depth: number): unknown => JSON.parse('['.repeat(depth) + ']'.repeat(depth)) as unknown

describe('an input from the wire', () => {
  it('is what superjson wrote: JSON, dates, undefined and the numbers that JSON lacks', () => {
    const key = fc.string().filter((text) => !['__proto__', 'constructor', 'prototype', 'toString', 'valueOf'].includes(text))
    const leaf = fc.oneof(
      fc.string(),
      fc.double(),
      fc.boolean(),
      fc.constant(null),
      fc.constant(undefined),
      fc.date({ noInvalidDate: true }),
    )
    const value = fc.letrec((tie) => ({
      tree: fc.oneof({ maxDepth: 4 }, leaf, fc.array(tie('tree')), fc.dictionary(key, tie('tree'), { noNullPrototype: true })),
    })).tree
    fc.assert(
      fc.property(value, (input) => {
        expect(readInput(JSON.parse(superjson.stringify(input)))).toEqual(input)
      }),
    )
  })

  it('may hold the same object twice', () => {
    const shared = { a: 1 }
    expect(readInput(superjson.serialize({ left: shared, right: [shared] }))).toEqual({ left: { a: 1 }, right: [{ a: 1 }] })
  })

  it.each([
    [
      'an array of a gigabyte',
      { json: { a: 1e9 }, meta: { values: { a: [['typed-array', 'Uint8Array']] } } },
      'a: this type is not supported',
    ],
    [
      'a list with four billion places',
      { json: { a: [] }, meta: { values: { 'a.4294967294': ['undefined'] } } },
      'a.4294967294: meta names a value that does not exist',
    ],
    [
      'the length of a list',
      { json: { a: [1] }, meta: { values: { 'a.length': ['undefined'] } } },
      'a.length: meta names a value that does not exist',
    ],
    [
      'a cycle',
      { json: { a: { b: null } }, meta: { referentialEqualities: { a: ['a.b'] } } },
      'a.b: an input cannot contain itself, and superjson must not leave out repeated values',
    ],
    ['a cycle to the root', { json: { a: null }, meta: { referentialEqualities: [['a']] } }, 'input: an input cannot contain itself'],
    [
      'a value left out as a repetition',
      superjsonWithDedupe(),
      'right: an input cannot contain itself, and superjson must not leave out repeated values',
    ],
    [
      'the prototype',
      { json: {}, meta: { values: { '__proto__.polluted': ['undefined'] } } },
      '__proto__.polluted: meta names a value that does not exist',
    ],
    [
      'the constructor',
      { json: {}, meta: { values: { 'constructor.prototype.polluted': ['Date'] } } },
      'constructor.prototype.polluted: meta names a value that does not exist',
    ],
    ['a map', superjson.serialize({ a: new Map([[1, 2]]) }), 'a: this type is not supported'],
    ['a set', superjson.serialize({ a: new Set([1]) }), 'a: this type is not supported'],
    ['a regular expression', superjson.serialize({ a: /(a+)+$/ }), 'a: this type is not supported'],
    ['an error', superjson.serialize({ a: new Error('x') }), 'a: this type is not supported'],
    ['a huge integer', { json: { a: '9'.repeat(1e5) }, meta: { values: { a: ['bigint'] } } }, 'a: this type is not supported'],
    ['a class', { json: { a: {} }, meta: { values: { a: [['class', 'User']] } } }, 'a: this type is not supported'],
    ['a date that is none', { json: { a: 'tomorrow' }, meta: { values: { a: ['Date'] } } }, 'a: this is not a Date'],
    ['a number that is none', { json: { a: '1e999' }, meta: { values: { a: ['number'] } } }, 'a: this is not a number'],
    ['a path without end', { json: {}, meta: { values: { ['a.'.repeat(1e5)]: ['Date'] } } }, 'input: a path in meta is too long'],
    [
      'S1: a path without end, in pieces',
      { json: {}, meta: { values: { ['.'.repeat(40)]: { ['.'.repeat(40)]: { a: ['Date'] } } } } },
      'input: a path in meta is too long',
    ],
    ['S1: paths to nothing', { json: {}, meta: { values: { a: { b: {} } } } }, 'a.b: meta.values names no type here'],
    ['deep JSON', { json: nested(1e5) }, 'input: nested more than 64 deep'],
    ['deep meta', { json: {}, meta: { values: nested(1e5) } }, 'input: nested more than 64 deep'],
    ['an input that superjson did not write', { userId: 'usr_' }, 'input: expected an input as superjson writes it: {"json": …}'],
    ['a bare value', 5, 'input: expected an input as superjson writes it: {"json": …}'],
    ['meta that is a text', { json: {}, meta: 'x' }, 'input: meta has to be an object'],
  ])('is refused when it holds %s', (_, payload, message) => {
    expect(complaint(payload)).toBe(message)
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
  })

  it('is read or refused, whatever meta says, and changes no prototype', () => {
    const before = Object.getOwnPropertyNames(Object.prototype).length
    const path = fc.oneof(
      fc.constantFrom('a', 'a.b', '__proto__', 'a.__proto__.x', 'constructor', 'b.0', 'b.-1', 'b.1e3', '', '\\', 'a\\.b'),
      fc.string(),
    )
    const type = fc.oneof(fc.constantFrom('undefined', 'Date', 'number', 'map', 'set', 'Error', 'regexp', 'bigint', 'URL'), fc.jsonValue())
    const values = fc.oneof(fc.dictionary(path, fc.oneof(fc.tuple(type), fc.jsonValue())), fc.jsonValue())
    const equalities = fc.oneof(fc.dictionary(path, fc.array(path)), fc.jsonValue())
    const payload = fc.record({
      json: fc.jsonValue(),
      meta: fc.record({ values, referentialEqualities: equalities, v: fc.jsonValue() }, { requiredKeys: [] }),
    })
    fc.assert(
      fc.property(payload, (hostile) => {
        complaint(JSON.parse(JSON.stringify(hostile)))
      }),
      { numRuns: 500 },
    )
    expect(Object.getOwnPropertyNames(Object.prototype).length).toBe(before)
  })
})

function superjsonWithDedupe(): unknown {
  const shared = { a: 1 }
  return JSON.parse(new SuperJSON({ dedupe: true }).stringify({ left: shared, right: shared }))
}
