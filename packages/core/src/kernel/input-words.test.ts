import { expect, test } from 'vitest'
import { z } from 'zod'
import { inputWords } from './input-words.ts'

const color = z.enum(['red', 'green'])

test.each([
  [z.number().min(1), 0, 'must be at least 1'],
  [z.number().max(9), 10, 'must be at most 9'],
  [z.number().gt(0), 0, 'must be more than 0'],
  [z.int(), 1.5, 'must be a whole number'],
  [z.string(), undefined, 'is missing'],
  [z.string(), 1, 'must be text'],
  [z.string().min(1), '', 'must not be empty'],
  [z.string().min(8), 'short', 'must have at least 8 characters'],
  [z.string().length(2), 'abc', 'must have exactly 2 characters'],
  [z.array(z.string()).max(1), ['a', 'b'], 'must have at most 1 items'],
  [z.email(), 'ada', 'must be an email address'],
  [z.string().regex(/^a+$/), 'b', 'must have the form /^a+$/'],
  [color, 'blue', 'must be one of red, green'],
  [color, 'gren', 'there is no such value; did you mean green?'],
  [z.union([color, z.array(color)]), 'gren', 'there is no such value; did you mean green?'],
  [z.union([color, z.array(color)]), 7, 'has none of the forms that are allowed here'],
  [z.literal('on'), 'off', 'must be on'],
  [z.strictObject({ limit: z.number().optional() }), { color: 1 }, 'there is no such field; there are limit'],
  [
    z.strictObject({ email: z.number(), role: z.string().optional() }),
    { emial: 1, email: 1 },
    'there is no such field; did you mean email?',
  ],
  [z.string().min(3, 'say more'), 'a', 'say more'],
])('U14: what is wrong is said in words: %#', (schema, value, words) => {
  const parsed = schema.safeParse(value, { error: inputWords })
  expect(parsed.error?.issues.map(({ message }) => message)).toEqual([words])
})
