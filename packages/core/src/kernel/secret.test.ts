import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { accountsSignatures } from '../accounts/signatures.ts'
import { signInSignatures } from '../signin/signatures.ts'
import { holdsSecret, secret, withoutSecrets } from './secret.ts'

const hidden = secret(z.string())

const wrappings: Readonly<Record<string, { schema: z.ZodType; value: unknown; without: unknown }>> = {
  itself: { schema: hidden, value: 's3cret', without: undefined },
  'with meta': { schema: hidden.meta({ description: 'x' }), value: 's3cret', without: undefined },
  'with a description and a check': {
    schema: hidden
      .min(1)
      .describe('x')
      .refine(() => true),
    value: 's3cret',
    without: undefined,
  },
  optional: { schema: hidden.optional(), value: 's3cret', without: undefined },
  nullable: { schema: hidden.nullable(), value: 's3cret', without: undefined },
  'with a default': { schema: hidden.default('x'), value: 's3cret', without: undefined },
  readonly: { schema: hidden.readonly(), value: 's3cret', without: undefined },
  transformed: { schema: hidden.transform((text) => text.trim()), value: 's3cret', without: undefined },
  'with a way out': { schema: hidden.catch('x'), value: 's3cret', without: undefined },
  'in an object': { schema: z.object({ a: z.int(), b: hidden }), value: { a: 1, b: 's3cret' }, without: { a: 1 } },
  'deep in an object': {
    schema: z.object({ a: z.object({ b: z.array(z.object({ c: hidden.optional(), d: z.int() })) }).nullable() }),
    value: { a: { b: [{ c: 's3cret', d: 1 }, { d: 2 }] } },
    without: { a: { b: [{ d: 1 }, { d: 2 }] } },
  },
  'in a choice': {
    schema: z.union([z.object({ plain: z.string() }), z.object({ token: hidden })]),
    value: { token: 's3cret' },
    without: {},
  },
  'in a record': { schema: z.record(z.string(), z.object({ token: hidden })), value: { a: { token: 's3cret' } }, without: { a: {} } },
}

describe('secrets', () => {
  test.each(Object.entries(wrappings))('%s: found, and taken out', (_name, { schema, value, without }) => {
    expect(holdsSecret(schema)).toBe(true)
    expect(withoutSecrets(schema, value)).toEqual(without)
    expect(JSON.stringify(withoutSecrets(schema, value)) ?? '').not.toContain('s3cret')
  })

  test('leave everything else as it is', () => {
    const at = new Date(0)
    const schema = z.object({ at: z.date(), list: z.array(z.string()), none: z.null(), any: z.record(z.string(), z.json()) })
    const value = { at, list: ['a'], none: null, any: { a: { b: [1] } } }
    expect(holdsSecret(schema)).toBe(false)
    expect(withoutSecrets(schema, value)).toEqual(value)
  })

  test('are looked for in a schema that holds itself', () => {
    const tree = z.object({
      name: z.string(),
      get branches() {
        return z.array(tree).optional()
      },
    })
    expect(holdsSecret(tree)).toBe(false)
    expect(withoutSecrets(tree, { name: 'a', branches: [{ name: 'b' }, 'none'] })).toEqual({ name: 'a', branches: [{ name: 'b' }, 'none'] })
    expect(holdsSecret(z.object({ tree, token: hidden }))).toBe(true)
    expect(withoutSecrets(z.object({ tree, token: hidden }), { tree: { name: 'a' }, token: 's3cret' })).toEqual({ tree: { name: 'a' } })
  })

  test('are found in the actions that have them', () => {
    expect(holdsSecret(signInSignatures.signIn.input)).toBe(true)
    expect(holdsSecret(signInSignatures.signIn.output)).toBe(true)
    expect(holdsSecret(accountsSignatures.create.input)).toBe(true)
    expect(holdsSecret(accountsSignatures.create.output)).toBe(false)
  })
})
