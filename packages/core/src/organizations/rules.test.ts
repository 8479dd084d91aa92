import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { slug } from './model.ts'
import { isAtLeast, recordOf, slugsFrom } from './rules.ts'

const id = 'org_01j0000000e008000000000001'

describe('slugs made from names', () => {
  test.each([
    ['Acme', 'acme'],
    ['  Zürich & Söhne, Inc.  ', 'zurich-sohne-inc'],
    ['ÅNGSTRÖM--9', 'angstrom-9'],
    ['株式会社', 'organization'],
    ['-', 'organization'],
    ['x'.repeat(200), 'x'.repeat(63)],
    [`${'x'.repeat(62)} y`, 'x'.repeat(62)],
  ])('of %j', (name, wanted) => expect(slugsFrom(name, id)[0]).toBe(wanted))

  test('the other ends with what nobody else has', () => {
    expect(slugsFrom('Acme', id)[1]).toBe('acme-00000001')
    expect(slugsFrom('x'.repeat(200), id)[1]).toBe(`${'x'.repeat(54)}-00000001`)
  })

  test('of any name, both are slugs as they are', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'grapheme', maxLength: 200 }), fc.stringMatching(/^[a-z -]{0,200}$/)), (name) => {
        for (const made of slugsFrom(name, id)) expect(slug.parse(made)).toBe(made)
      }),
    )
  })
})

test.each([
  ['owner', 'owner', true],
  ['owner', 'admin', true],
  ['owner', 'member', true],
  ['admin', 'owner', false],
  ['admin', 'admin', true],
  ['admin', 'member', true],
  ['member', 'owner', false],
  ['member', 'admin', false],
  ['member', 'member', true],
] as const)('%s is at least %s: %s', (role, other, expected) => {
  expect(isAtLeast(role, other)).toBe(expected)
})

test('what has to stand in DNS', () => {
  expect(recordOf('example.com', 'abc')).toEqual({ type: 'TXT', name: '_denizen.example.com', value: 'denizen-verification=abc' })
})
