import fc from 'fast-check'
import superjson from 'superjson'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { runs } from '../../testing/runs.ts'
import { directorySignatures } from '../accounts/directory/signatures.ts'
import { idSchema, newId } from '../kernel/id.ts'
import { markImmutable } from './immutable.ts'
import { writeOutput } from './write.ts'

/** A schema, with values that it was made for. */
interface Case {
  readonly schema: z.ZodType
  readonly values: fc.Arbitrary<unknown>
}

const id = fc.date({ noInvalidDate: true, min: new Date(0), max: new Date('2100-01-01') }).map((at) => newId('usr', at, new Uint8Array(10)))
const text = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('"', '\\', '\u0000', '\ud800', 'é', ''))
const date = fc.date({ noInvalidDate: true })
const key = fc.oneof(
  fc.constantFrom('id', 'a.b', 'a\\b', 'a"b', '1', 'createdAt', 'items', '__proto__', 'constructor', ''),
  fc.string({ maxLength: 4 }),
)
const anything = fc.anything({ withDate: true, withBigInt: true, withNullPrototype: true, maxDepth: 2 })
const json = fc.jsonValue({ maxDepth: 3 })

const leaf = fc.constantFrom<Case>(
  { schema: z.string(), values: text },
  { schema: z.string().max(3), values: text },
  { schema: z.boolean(), values: fc.boolean() },
  { schema: z.number(), values: fc.oneof(fc.double(), fc.constantFrom(-0, 1e21, 5e-324)) },
  { schema: z.int(), values: fc.oneof(fc.integer(), fc.constant(-0), fc.constant(1.5)) },
  { schema: z.int().min(3), values: fc.integer() },
  { schema: z.date(), values: fc.oneof(date, fc.constant(new Date(Number.NaN))) },
  { schema: z.date().min(new Date(0)), values: date },
  { schema: z.enum(['a', 'b']), values: fc.constantFrom('a', 'b', 'c') },
  { schema: z.literal('a'), values: fc.constantFrom('a', 'b') },
  { schema: z.literal([1, null, 'a']), values: fc.constantFrom(1, null, 'a') },
  { schema: idSchema('usr'), values: id },
  { schema: idSchema('usr').meta({ description: 'again' }), values: id },
  { schema: idSchema('usr').refine((one) => one.endsWith('0')), values: id },
  { schema: z.json(), values: json },
  { schema: z.unknown(), values: anything },
  { schema: z.email(), values: fc.constantFrom('ada@example.org', 'ada') },
  { schema: z.coerce.string(), values: fc.oneof(fc.integer(), text) },
  { schema: z.string().transform((one) => one.length), values: text },
  { schema: z.string().default('left out'), values: fc.oneof(text, fc.constant(undefined)) },
  { schema: z.record(z.string(), z.json()), values: fc.dictionary(key, json) },
  { schema: z.record(z.enum(['a', 'b']), z.int()), values: fc.record({ a: fc.integer(), b: fc.integer() }) },
)

const cases = fc.letrec<{ any: Case; list: Case; object: Case; nullable: Case; record: Case; union: Case }>((tie) => ({
  any: fc.oneof({ depthSize: 'small', maxDepth: 4 }, leaf, tie('list'), tie('object'), tie('nullable'), tie('record'), tie('union')),
  list: tie('any').map(({ schema, values }) => ({ schema: z.array(schema), values: fc.array(values, { maxLength: 3 }) })),
  nullable: tie('any').map(({ schema, values }) => ({ schema: schema.nullable(), values: fc.option(values) })),
  record: tie('any').map(({ schema, values }) => ({
    schema: z.record(z.string(), schema),
    values: fc.dictionary(key, values, { maxKeys: 3 }),
  })),
  union: fc.tuple(tie('any'), tie('any')).map(([one, other]) => ({
    schema: z.union([one.schema, other.schema]),
    values: fc.oneof(one.values, other.values),
  })),
  object: fc
    .tuple(fc.dictionary(key, fc.tuple(tie('any'), fc.boolean()), { maxKeys: 4, noNullPrototype: true }), fc.boolean(), fc.boolean())
    .map(([fields, strict, more]) => objectOf(Object.entries(fields), strict, more)),
})).any

function objectOf(fields: readonly (readonly [string, readonly [Case, boolean]])[], strict: boolean, more: boolean): Case {
  const shape = Object.fromEntries(fields.map(([name, [{ schema }, optional]]) => [name, optional ? schema.optional() : schema]))
  const values = Object.fromEntries(fields.map(([name, [one]]) => [name, one.values] as const))
  const required = fields.filter(([, [, optional]]) => !optional).map(([name]) => name)
  const whole = fc.record(values, { requiredKeys: required })
  return {
    schema: strict ? z.strictObject(shape) : z.object(shape),
    values: more ? fc.tuple(whole, fc.dictionary(key, anything, { maxKeys: 2 })).map(([one, extra]) => ({ ...extra, ...one })) : whole,
  }
}

/** What zod lets through of a value, as superjson writes it; null: nothing. */
function expected(schema: z.ZodType, value: unknown): { text: string; dates: unknown } | null {
  const read = schema.safeParse(value)
  if (!read.success) return null
  // Cloned, for superjson would say which objects are one.
  const { json: written, meta } = superjson.serialize(structuredClone(read.data))
  return { text: JSON.stringify(written), dates: meta?.values ?? {} }
}

function writtenOf(schema: z.ZodType, value: unknown): { text: string; dates: unknown } | null {
  const written = writeOutput(schema, value)
  if (written === null) return null
  const dates: unknown = JSON.parse(`{${written.dates.map((place) => `"${place}":["Date"]`).join(',')}}`)
  return { text: written.json, dates }
}

describe('what is written of an answer', () => {
  it('is what zod lets through, as superjson writes it, or nothing', () => {
    let compared = 0
    fc.assert(
      fc.property(
        cases.chain(({ schema, values }) =>
          fc.tuple(fc.constant(schema), fc.oneof({ weight: 5, arbitrary: values }, { weight: 1, arbitrary: anything })),
        ),
        ([schema, value]) => {
          const written = writtenOf(schema, value)
          if (written === null) return
          compared++
          expect(written).toEqual(expected(schema, value))
        },
      ),
      { numRuns: runs(600) },
    )
    expect(compared).toBeGreaterThan(runs(100))
  })

  it('holds no field that the schema does not name', () => {
    const schema = z.object({ items: z.array(z.object({ id: z.string(), inner: z.object({ at: z.date() }).nullable() })), total: z.int() })
    const inner = { at: new Date(0), secret: 1 }
    const item = markImmutable({ id: 'a', inner, passwordHash: 'x' })
    const written = writeOutput(schema, { items: [item, { id: 'b', inner: null, more: 2 }, item], total: 3, cursor: 'y' })
    expect(written?.json).toBe(
      '{"items":[{"id":"a","inner":{"at":"1970-01-01T00:00:00.000Z"}},{"id":"b","inner":null},{"id":"a","inner":{"at":"1970-01-01T00:00:00.000Z"}}],"total":3}',
    )
    expect(written?.dates).toEqual(['items.0.inner.at', 'items.2.inner.at'])
  })

  it('is made once of what lasts, and every time of what does not', () => {
    const schema = z.object({ items: z.array(z.object({ name: z.string() })) })
    const [lasts, changes] = [markImmutable({ name: 'before' }), { name: 'before' }]
    writeOutput(schema, { items: [lasts, changes] })
    lasts.name = 'after'
    changes.name = 'after'
    expect(writeOutput(schema, { items: [lasts, changes] })?.json).toBe('{"items":[{"name":"before"},{"name":"after"}]}')
    // Another schema never gets what was written for this one.
    const other = z.object({ items: z.array(z.object({ name: z.literal('after') })) })
    expect(writeOutput(other, { items: [lasts] })?.json).toBe('{"items":[{"name":"after"}]}')
  })

  it('is there for what is asked for most', () => {
    const { output } = directorySignatures.list
    expect(writeOutput(output, { items: [], nextCursor: null, total: null })?.json).toBe('{"items":[],"nextCursor":null,"total":null}')
    expect(writeOutput(output, { items: [{ id: 'usr_1' }], nextCursor: null, total: null })).toBeNull()
  })

  it('ends where a schema is inside itself', () => {
    const tree = z.object({
      name: z.string(),
      get children() {
        return z.array(tree)
      },
    })
    expect(writeOutput(tree, { name: 'a', children: [{ name: 'b', children: [], more: 1 }] })?.json).toBe(
      '{"name":"a","children":[{"name":"b","children":[]}]}',
    )
  })
})
