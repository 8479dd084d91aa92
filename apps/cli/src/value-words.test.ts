import { signatures } from '@denizen/core/contract'
import { expect, it } from 'vitest'
import { z } from 'zod'
import { inWords } from './value-words.ts'

const outcomes = signatures.auth.listLoginHistory.output.shape.items.element.shape

it.each([
  ['wrongPassword', 'wrong password'],
  ['deactivated_by_admin', 'deactivated by admin'],
  ['tokenReused', 'token used twice'],
  ['totp', 'authenticator app'],
  ['active', 'active'],
])('O12: %s is "%s"', (value, words) => {
  expect(inWords(value)).toBe(words)
})

it('O12: nothing in a login history looks like a name in a program', () => {
  const values = [outcomes.outcome, outcomes.method].flatMap((schema) => (schema instanceof z.ZodEnum ? schema.options : []))
  expect(values.length).toBeGreaterThan(20)
  for (const value of values) expect(inWords(value)).toMatch(/^[a-z -]+$/)
})
