import type { z } from 'zod'
import { isImmutable } from '../kernel/immutable.ts'
import { isReserved, SerializedAnswer } from '../kernel/serialized.ts'
import { below, copyOf, refused, type Copy } from './json-copy.ts'

type Schema = z.core.$ZodType

/** Serializes a value; null: zod has to decide. */
type Write = (value: unknown, at: string, dates: string[]) => string | null

/** Bounded by the schemas of answers. */
const writers = new WeakMap<Schema, Write>()

/**
 * Serializes an answer with only what its schema names: the same as `parseOutput` followed by serialization, in one step. null: use
 * these, which also report what is wrong.
 */
export function writeOutput(schema: Schema, answer: unknown): SerializedAnswer | null {
  const dates: string[] = []
  const json = writerOf(schema)(answer, '', dates)
  return json === null ? null : new SerializedAnswer(json, dates)
}

function writerOf(schema: Schema): Write {
  const known = writers.get(schema)
  if (known !== undefined) return known
  const write = pageWriter(schema) ?? wholeWriter(copyOf(schema))
  writers.set(schema, write)
  return write
}

function wholeWriter(copy: Copy): Write {
  return (value, at, dates) => {
    // A date alone or an empty value has no path.
    if (typeof value !== 'object' || value === null || value instanceof Date) return null
    const copied = copy(value, at, dates)
    return copied === refused ? null : JSON.stringify(copied)
  }
}

interface Part {
  readonly head: string
  readonly key: string
  readonly write: Write
}

/** Serializes pages: each item by itself, immutable ones only once. undefined: not a page. */
function pageWriter(schema: Schema): Write | undefined {
  const { def } = (schema as z.core.$ZodTypes)._zod
  if (def.type !== 'object' || def.catchall !== undefined || (def.checks ?? []).length > 0) return undefined
  const fields = Object.entries(def.shape)
  if (!fields.some(([, field]) => itemOf(field) !== undefined) || fields.some(([key, field]) => !isUsual(key, field))) return undefined
  const parts = fields.map(([key, field], index): Part => {
    const item = itemOf(field)
    const write = item === undefined ? valueWriter(copyOf(field)) : listWriter(item)
    return { key, head: `${index === 0 ? '{' : ','}${JSON.stringify(key)}:`, write }
  })
  return (value, _at, dates) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return null
    let json = ''
    for (const { head, key, write } of parts) {
      const part = (value as Record<string, unknown>)[key]
      const written = part === undefined ? null : write(part, key, dates)
      if (written === null) return null
      json += head + written
    }
    return `${json}}`
  }
}

/** The items of a schema that is a list of objects. */
function itemOf(schema: Schema): Schema | undefined {
  const { def } = (schema as z.core.$ZodTypes)._zod
  if (def.type !== 'array' || (def.checks ?? []).length > 0) return undefined
  return (def.element as z.core.$ZodTypes)._zod.def.type === 'object' ? def.element : undefined
}

/** Whether a property is required and keeps its order in JavaScript. */
function isUsual(key: string, schema: Schema): boolean {
  return /^[A-Za-z]\w*$/.test(key) && !isReserved(key) && (schema as z.core.$ZodTypes)._zod.def.type !== 'optional'
}

function valueWriter(copy: Copy): Write {
  return (value, at, dates) => {
    const copied = copy(value, at, dates)
    return copied === refused ? null : JSON.stringify(copied)
  }
}

function listWriter(item: Schema): Write {
  const copy = copyOf(item)
  // Bounded by the immutable items, which the cache of rows holds.
  const remembered = new WeakMap<object, SerializedAnswer>()
  return (value, at, dates) => {
    if (!Array.isArray(value)) return null
    let json = '['
    for (let index = 0; index < value.length; index++) {
      const one: unknown = value[index]
      const written = writeItem(one, copy, remembered)
      if (written === null) return null
      json += index === 0 ? written.json : `,${written.json}`
      if (written.dates.length === 0) continue
      const here = below(at, String(index))
      for (const date of written.dates) dates.push(`${here}.${date}`)
    }
    return `${json}]`
  }
}

/** Paths of dates are relative to the item. */
function writeItem(item: unknown, copy: Copy, remembered: WeakMap<object, SerializedAnswer>): SerializedAnswer | null {
  const lasts = typeof item === 'object' && item !== null && isImmutable(item)
  const known = lasts ? remembered.get(item) : undefined
  if (known !== undefined) return known
  const dates: string[] = []
  const copied = copy(item, '', dates)
  if (copied === refused) return null
  const written = new SerializedAnswer(JSON.stringify(copied), dates)
  if (lasts) remembered.set(item, written)
  return written
}
