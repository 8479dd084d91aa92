import { expect, it } from 'vitest'
import { z } from 'zod'
import { signatures } from './contract.ts'
import { isForeign, isLongList, sizeLimitOf } from './kernel/input.ts'
import type { Signature } from './kernel/signature.ts'

type Schema = z.core.$ZodTypes

/** What an input of this schema may hold without end, by path. */
function unboundedIn(schema: Schema, path: string, seen: ReadonlySet<Schema> = new Set()): readonly string[] {
  if (seen.has(schema)) return []
  const known = new Set([...seen, schema])
  const within = (part: z.core.$ZodType, at: string) => unboundedIn(part as Schema, at, known)
  const { def } = schema._zod
  switch (def.type) {
    case 'string':
      return isLimited(def) ? [] : [`${path}: text of any length`]
    case 'array':
      return [...(isLimited(def) ? [] : [`${path}: a list of any length`]), ...within(def.element, `${path}[]`)]
    case 'record':
      return [
        ...(sizeLimitOf(schema) === undefined ? [`${path}: any number of keys`] : []),
        ...within(def.keyType, `${path}{}`),
        ...within(def.valueType, path),
      ]
    case 'object':
      return [
        ...(isClosed(schema, def) ? [] : [`${path}: any fields`]),
        ...Object.entries(def.shape).flatMap(([key, part]) => within(part, `${path}.${key}`)),
      ]
    case 'union':
      return def.options.flatMap((option, index) => within(option, `${path}|${index}`))
    case 'pipe':
      // What a transformation prepares (a time) is limited by what it prepares it for.
      if (def.in._zod.def.type === 'transform') return within(def.out, path)
      // What is counted before it is parsed by the next schema.
      return def.in._zod.def.type === 'custom' && def.out._zod.def.type !== 'transform' ? within(def.out, path) : within(def.in, path)
    case 'custom':
      return sizeLimitOf(schema) === undefined ? [`${path}: anything`] : []
    case 'optional':
    case 'nullable':
    case 'default':
    case 'catch':
    case 'readonly':
      return within(def.innerType, path)
    case 'number':
    case 'boolean':
    case 'enum':
    case 'literal':
    case 'date':
      return []
    default:
      return [`${path}: ${def.type}, which this test does not know`]
  }
}

const limiting: ReadonlySet<string> = new Set(['max_length', 'length_equals'])

function isLimited({ checks = [] }: z.core.$ZodTypeDef & { checks?: z.core.$ZodCheck<never>[] }): boolean {
  return checks.some(({ _zod }) => limiting.has(_zod.def.check))
}

function isClosed(schema: Schema, { catchall }: z.core.$ZodObjectDef): boolean {
  return catchall?._zod.def.type === 'never' || isForeign(schema)
}

const contract = Object.values(signatures).flatMap((group) => Object.values<Signature>(group))

it('S1: case 60: every input is limited in the length of its texts, the number of its items and keys, and the names of its fields', () => {
  expect(contract.flatMap(({ name, input }) => unboundedIn(input as unknown as Schema, name))).toEqual([])
})

/** Lists in inputs that are larger than usual: as long as they may be, and parsed to the end whatever is in them. */
function patientIn(schema: Schema, path: string): readonly string[] {
  const within = (part: z.core.$ZodType, at: string) => patientIn(part as Schema, at)
  const { def } = schema._zod
  switch (def.type) {
    case 'array':
      return [...(isLongList(schema) || longestOf(def) <= 100 ? [] : [path]), ...within(def.element, `${path}[]`)]
    case 'record':
      return within(def.valueType, `${path}{}`)
    case 'object':
      return Object.entries(def.shape).flatMap(([key, part]) => within(part, `${path}.${key}`))
    case 'union':
      return def.options.flatMap((option, index) => within(option, `${path}|${index}`))
    case 'pipe':
      return [...within(def.in, path), ...within(def.out, path)]
    case 'optional':
    case 'nullable':
    case 'default':
    case 'catch':
    case 'readonly':
      return within(def.innerType, path)
    default:
      return []
  }
}

function longestOf({ checks = [] }: z.core.$ZodArrayDef): number {
  return Math.min(...checks.map(({ _zod: { def } }) => ('maximum' in def ? Number(def.maximum) : Infinity)))
}

it('S1: case 60: of inputs that are larger than usual it is said how many values they hold, and lists are given up after the first wrong ones', () => {
  const large = contract.filter(({ inputLimit }) => inputLimit !== undefined)
  expect(large.filter(({ mostValues }) => mostValues === undefined).map(({ name }) => name)).toEqual([])
  // Every item of these is caught by itself: the list is never wrong as a whole.
  const caught = ['users.bulkCreate.users']
  expect(large.flatMap(({ name, input }) => patientIn(input as unknown as Schema, name)).filter((path) => !caught.includes(path))).toEqual(
    [],
  )
})

it('S1: case 60: however much is wrong in a document, about as much of it is parsed as is told', () => {
  const { input } = signatures.access.diff
  const issues = (document: object): number => input.safeParse({ document: { version: 1, ...document } }).error?.issues.length ?? 0
  const wrong = { user: 1, team: 2, on: 3, from: 4, role: 5 }
  expect(issues({ assignments: Array.from({ length: 10_000 }, () => wrong) })).toBeLessThan(10)
  const roles = Array.from(
    { length: 1000 },
    (_, index) => [`r${index}`, { permissions: Array.from({ length: 140 }, () => 'X y') }] as const,
  )
  expect(issues({ roles: Object.fromEntries(roles) })).toBeLessThan(20)
  const many = Array.from({ length: 100 }, (_, index) => [`r${index}`, { permissions: Array.from({ length: 201 }, () => 'a.b') }] as const)
  const told = input.safeParse({ document: { version: 1, roles: Object.fromEntries(many) } }).error?.issues
  expect(told).toMatchObject([{ path: ['document', 'roles'], message: 'at most 20000 permissions in all roles together' }])
  const tests = Array.from({ length: 101 }, () => ({ who: 'ada', can: Array.from({ length: 100 }, () => 'a.b') }))
  const asked = input.safeParse({ document: { version: 1, tests } }).error?.issues
  expect(asked).toMatchObject([{ path: ['document', 'tests'], message: 'at most 10000 permissions in all tests together' }])
})

it('S1: the test of inputs sees what is not limited', () => {
  const leaky = z.strictObject({
    text: z.string(),
    list: z.array(z.boolean()),
    deep: z
      .array(z.object({ a: z.int() }))
      .max(3)
      .optional(),
    record: z.record(z.string().max(3), z.boolean()),
    any: z.unknown(),
  })
  expect(unboundedIn(leaky as unknown as Schema, 'leaky')).toEqual([
    'leaky.text: text of any length',
    'leaky.list: a list of any length',
    'leaky.deep[]: any fields',
    'leaky.record: any number of keys',
    'leaky.any: unknown, which this test does not know',
  ])
})
