import { z } from 'zod'
import { idPrefixOf, isId } from '../kernel/id.ts'
import { isReserved } from '../kernel/json.ts'
import { below, quotedKey } from './paths.ts'

/** The copy contains something that the schema does not allow, or that is not JSON: zod has to decide. */
export const refused = Symbol('refused')

/**
 * Copies what zod would let through, with dates as text. `at` is the path of the value; paths of dates are added to `dates` (see
 * `SerializedAnswer`).
 */
export type Copy = (value: unknown, at: string, dates: string[]) => unknown

type Schema = z.core.$ZodType

/** Deeper than any answer; a value that is deeper may be cyclic. */
const deepest = 32

/** Bounded by the schemas of answers. */
const copies = new WeakMap<Schema, Copy>()

/**
 * The copier of a schema, compiled once: several times faster than parsing with zod and then calling `toJSON` on every date. Common
 * schemas are compiled; for others zod parses the value, and the result is copied.
 */
export function copyOf(schema: Schema): Copy {
  const known = copies.get(schema)
  if (known !== undefined) return known
  let made: Copy = readByZod(schema)
  // A schema may contain itself.
  copies.set(schema, (value, at, dates) => made(value, at, dates))
  made = compiled(schema) ?? made
  copies.set(schema, made)
  return made
}

/** undefined: parsed by zod. */
function compiled(schema: Schema): Copy | undefined {
  const { def } = (schema as z.core.$ZodTypes)._zod
  const prefix = idPrefixOf(schema)
  const checks = def.checks ?? []
  if (def.type === 'number') return checks.length === 0 ? compiledNumber(def as z.core.$ZodNumberDef) : undefined
  if (checks.length > 0) return undefined
  if (prefix !== undefined && def.type === 'pipe') return (value) => (typeof value === 'string' && isId(prefix, value) ? value : refused)
  switch (def.type) {
    case 'string':
      return def.coerce === true || 'format' in def ? undefined : (value) => (typeof value === 'string' ? value : refused)
    case 'boolean':
      return def.coerce === true ? undefined : (value) => (typeof value === 'boolean' ? value : refused)
    case 'date':
      return def.coerce === true ? undefined : copyDate
    case 'enum':
      return oneOf(new Set(Object.values(def.entries)))
    case 'literal':
      return oneOf(new Set(def.values))
    case 'nullable':
      return compiledNullable(def.innerType)
    case 'array':
      return compiledList(def.element)
    case 'object':
      return compiledObject(def)
    case 'record':
      return compiledRecord(def)
    default:
      return undefined
  }
}

/** `z.number()`, and `z.int()`, which is a number with a format. */
function compiledNumber(def: z.core.$ZodNumberDef & { readonly format?: string }): Copy | undefined {
  if (def.coerce === true || (def.format !== undefined && def.format !== 'safeint')) return undefined
  const isRight = def.format === undefined ? Number.isFinite : Number.isSafeInteger
  // JSON has no negative zero.
  return (value) => (isRight(value) && !Object.is(value, -0) ? value : refused)
}

/** Enums with numbers are left to zod: they contain each entry twice, by name and by value. */
function oneOf(values: ReadonlySet<unknown>): Copy | undefined {
  return [...values].every((value) => typeof value === 'string') ? (value) => (values.has(value) ? value : refused) : undefined
}

function copyDate(value: unknown, at: string, dates: string[]): unknown {
  if (!(value instanceof Date) || Number.isNaN(value.getTime())) return refused
  dates.push(at)
  return value.toISOString()
}

function compiledNullable(inner: Schema): Copy {
  const copy = copyOf(inner)
  return (value, at, dates) => (value === null ? null : copy(value, at, dates))
}

function compiledList(element: Schema): Copy {
  const copy = copyOf(element)
  return (value, at, dates) => {
    if (!Array.isArray(value)) return refused
    const list: unknown[] = []
    for (let index = 0; index < value.length; index++) {
      const item = copy(value[index], below(at, String(index)), dates)
      if (item === refused) return refused
      list.push(item)
    }
    return list
  }
}

interface Field {
  readonly key: string
  /** The key in a path. */
  readonly name: string
  readonly copy: Copy
  readonly optional: boolean
  /** Whether it needs its path. */
  readonly placed: boolean
}

function compiledObject({ shape, catchall }: z.core.$ZodObjectDef): Copy | undefined {
  const strict = catchall !== undefined
  // Only strict objects are supported; JavaScript sorts keys that look like numbers first.
  if (strict && (catchall as z.core.$ZodTypes)._zod.def.type !== 'never') return undefined
  const fields = Object.entries(shape).map(([key, schema]) => fieldOf(key, schema))
  if (fields.some(({ key }) => key === '' || isReserved(key) || /^\d+$/.test(key))) return undefined
  const keys = new Set(Object.keys(shape))
  return (value, at, dates) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return refused
    if (strict) for (const key in value) if (!keys.has(key)) return refused
    const copied: Record<string, unknown> = {}
    for (const { key, name, copy, optional, placed } of fields) {
      const item = (value as Record<string, unknown>)[key]
      if (item === undefined) {
        if (optional && !(key in value)) continue
        return refused // superjson writes undefined differently from JSON, and some schemas replace it
      }
      const made = copy(item, placed ? below(at, name) : '', dates)
      if (made === refused) return refused
      copied[key] = made
    }
    return copied
  }
}

function fieldOf(key: string, schema: Schema): Field {
  const { def } = (schema as z.core.$ZodTypes)._zod
  // A property with a default cannot just be left out.
  const optional = def.type === 'optional' && (def.checks ?? []).length === 0 && def.innerType._zod.optin === undefined
  const inner = optional ? def.innerType : schema
  return { key, name: quotedKey(key), copy: copyOf(inner), optional, placed: mayHoldDates(inner) }
}

/** Whether paths matter: not for schemas that are no date and contain none. */
function mayHoldDates(schema: Schema): boolean {
  const { def } = (schema as z.core.$ZodTypes)._zod
  if (idPrefixOf(schema) !== undefined) return false
  if (def.type === 'nullable') return mayHoldDates(def.innerType)
  if (def.type === 'array') return mayHoldDates(def.element)
  return !['string', 'boolean', 'number', 'enum', 'literal'].includes(def.type)
}

function compiledRecord({ keyType, valueType, mode }: z.core.$ZodRecordDef): Copy | undefined {
  const { def } = (keyType as z.core.$ZodTypes)._zod
  if (mode === 'loose' || def.type !== 'string' || (def.checks ?? []).length > 0 || 'format' in def || def.coerce === true) return undefined
  const copy = copyOf(valueType)
  return (value, at, dates) => {
    if (!isPlain(value) || Object.getOwnPropertySymbols(value).length > 0) return refused
    const copied: Record<string, unknown> = {}
    for (const key of Object.keys(value)) {
      if (key === '' || isReserved(key)) return refused
      const item = copy(value[key], below(at, quotedKey(key)), dates)
      if (item === refused) return refused
      copied[key] = item
    }
    return copied
  }
}

function readByZod(schema: Schema): Copy {
  return (value, at, dates) => {
    const read = z.core.safeParse(schema, value)
    return read.success ? copyAny(read.data, at, dates, 0) : refused
  }
}

/** A copy of JSON and dates. */
interface CopiedValue {
  readonly json: unknown
  /** See `SerializedAnswer`. */
  readonly dates: readonly string[]
}

/** Copies a value without a schema, with dates as text. null: it is a date alone, or something that is neither JSON nor a date is in it. */
export function copyValue(value: unknown): CopiedValue | null {
  const dates: string[] = []
  const json = value instanceof Date ? refused : copyAny(value, '', dates, 0)
  return json === refused ? null : { json, dates }
}

function copyAny(value: unknown, at: string, dates: string[], depth: number): unknown {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value
  if (typeof value === 'number') return Number.isFinite(value) && !Object.is(value, -0) ? value : refused
  if (value instanceof Date) return copyDate(value, at, dates)
  if (depth === deepest) return refused
  const copied: unknown[] | Record<string, unknown> = Array.isArray(value) ? [] : {}
  if (!Array.isArray(value) && !isPlain(value)) return refused
  // An array with holes has fewer keys than its length.
  if (Array.isArray(value) && Object.keys(value).length !== value.length) return refused
  for (const [key, item] of Object.entries(value)) {
    if (key === '' || isReserved(key)) return refused
    // Most values are text, whose path nobody needs.
    const made = copyAny(item, typeof item === 'object' && item !== null ? below(at, quotedKey(key)) : '', dates, depth + 1)
    if (made === refused) return refused
    ;(copied as Record<string, unknown>)[key] = made
  }
  return copied
}

function isPlain(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || 'toJSON' in value) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}
