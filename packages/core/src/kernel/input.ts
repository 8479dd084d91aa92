import { z } from 'zod'
import { invalidInput, type DenizenError, type InputIssue } from './errors.ts'

/** Schemas whose size no check of zod's says: at most so many characters of JSON, or keys. */
const sizes = z.registry<{ readonly most: number }>()

/** Says how large the values of a schema may be that limits them by itself. */
export function limitedTo<Schema extends z.ZodType>(most: number, schema: Schema): Schema {
  sizes.add(schema, { most })
  return schema
}

/** How large the values of a schema may be, if it was said. `get` also knows copies made by `.meta()` and `.refine()`. */
export function sizeLimitOf(schema: z.core.$ZodType): number | undefined {
  return sizes.get(schema)?.most
}

/** Issues in a list or a record after which no more of it is parsed: each costs some microseconds. */
const mostInList = 5

const LongRecord = z.core.$constructor<z.ZodRecord>('LongRecord', (record, def) => {
  z.ZodRecord.init(record, def)
  const { parse } = record._zod
  record._zod.parse = (payload, context) => {
    if (!z.core.util.isPlainObject(payload.value)) return parse(payload, context)
    const given = payload.value as Readonly<Record<string, unknown>>
    const values: Record<string, unknown> = {}
    payload.value = values
    for (const key of Object.keys(given)) {
      const parsed = parse({ value: { [key]: given[key] }, issues: [] }, context)
      if (parsed instanceof Promise) throw new z.core.$ZodAsyncError()
      payload.issues.push(...parsed.issues)
      Object.assign(values, parsed.value)
      if (payload.issues.length >= mostInList) break
    }
    return payload
  }
})

/** An object with keys that the caller chooses, at most so many; it is given up after the first wrong values, as a long list is. */
export function recordOf<Key extends z.core.$ZodRecordKey, Value extends z.ZodType>(most: number, key: Key, value: Value) {
  const record = new LongRecord({ type: 'record', keyType: key, valueType: value }) as unknown as z.ZodRecord<Key, Value>
  return limitedTo(
    most,
    record.refine((given) => Object.keys(given).length <= most, `at most ${most} of them`),
  )
}

const LongList = z.core.$constructor<z.ZodArray>('LongList', (list, def) => {
  z.ZodArray.init(list, def)
  const { parse } = list._zod
  const longest = Math.min(...(def.checks ?? []).map(({ _zod: { def: check } }) => ('maximum' in check ? Number(check.maximum) : Infinity)))
  list._zod.parse = (payload, context) => {
    const items: unknown = payload.value
    if (!Array.isArray(items) || items.length > longest) return parse(payload, context)
    const values: unknown[] = []
    payload.value = values
    for (const item of items as readonly unknown[]) {
      const parsed = def.element._zod.run({ value: item, issues: [] }, context)
      if (parsed instanceof Promise) throw new z.core.$ZodAsyncError()
      payload.issues.push(...z.core.util.prefixIssues(values.length, parsed.issues))
      values.push(parsed.value)
      if (payload.issues.length >= mostInList) break
    }
    return payload
  }
})

/** A list with room for many items; it is given up after the first wrong ones, so that wrong ones cost hardly more than right ones. */
export function longList<Item extends z.ZodType>(item: Item): z.ZodArray<Item> {
  return new LongList({ type: 'array', element: item }) as unknown as z.ZodArray<Item>
}

/** Whether a list is given up after the first wrong items. */
export function isLongList(schema: z.core.$ZodType): boolean {
  return schema instanceof LongList
}

const foreign = z.registry<{ readonly foreign: true }>()

/** An object in a format that is not ours, such as what a browser or another system writes: other fields are left out unread. */
export function foreignObject<Shape extends z.core.$ZodLooseShape>(shape: Shape) {
  const object = z.object(shape)
  foreign.add(object, { foreign: true })
  return object
}

/** The same with all its fields, for counting what is not understood. */
export function wholeForeignObject<Shape extends z.core.$ZodLooseShape>(shape: Shape) {
  const object = z.looseObject(shape)
  foreign.add(object, { foreign: true })
  return object
}

/** Whether others decide which fields the object has. */
export function isForeign(schema: z.core.$ZodType): boolean {
  return foreign.get(schema) !== undefined
}

/** Issues that are told. */
const mostIssues = 20
const longestName = 64

/** The error for an input that does not parse: names every field at fault, without their values. */
export function invalidInputError(issues: readonly z.core.$ZodIssue[], input: unknown): DenizenError {
  const told = issues.slice(0, mostIssues).flatMap((issue) => issuesOf(issue, input))
  const isFirst = ({ path, message }: InputIssue, index: number) =>
    told.findIndex((other) => other.path === path && other.message === message) === index
  return invalidInput({ issues: told.filter(isFirst) })
}

function issuesOf(issue: z.core.$ZodIssue, input: unknown): readonly InputIssue[] {
  if (issue.code === 'unrecognized_keys')
    // Which there are is said once.
    return issue.keys
      .slice(0, mostIssues)
      .map((key, index) => ({ path: pathOf([...issue.path, key]), message: index === 0 ? issue.message : 'there is no such field' }))
  return [{ path: pathOf(issue.path), message: isEmpty(issue, input) ? 'must not be empty' : issue.message }]
}

/** An empty text has no form at all: which one is wanted says nothing, unless it is one of a few. */
function isEmpty({ code, path }: z.core.$ZodIssue, input: unknown): boolean {
  const value = path.reduce<unknown>((whole, part) => (whole as Readonly<Record<PropertyKey, unknown>> | null | undefined)?.[part], input)
  return typeof value === 'string' && value.trim() === '' && code !== 'invalid_value'
}

function pathOf(path: readonly PropertyKey[]): string {
  return path.map((part) => (part === '' ? '""' : clip(String(part)))).join('.')
}

function clip(name: string): string {
  return name.length > longestName ? `${name.slice(0, longestName)}…` : name
}

/** Where an item of a batch stands in the input, in answers. */
export const placeInInput = z.int().meta({ description: 'its place in the input, from 0' })

/** A parsed item of a batch, or the error why it does not parse. */
export type Item<Value> = { readonly ok: true; readonly value: Value } | { readonly ok: false; readonly error: DenizenError }

/** An item of a batch: one that does not parse fails alone. Secrets in it stay marked. */
export function item<Schema extends z.ZodType>(schema: Schema) {
  return schema
    .transform((value): Item<z.output<Schema>> => ({ ok: true, value }))
    .catch(({ error, input }) => ({ ok: false, error: invalidInputError(error.issues, input) }))
}
