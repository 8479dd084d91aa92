import { escapedKey, isReserved, SerializedAnswer } from '@denizen/core'
import superjson from 'superjson'

/** What superjson makes of a value: JSON, and where in it stands what JSON cannot say. */
export interface Serialized {
  readonly json: unknown
  readonly meta?: { readonly values?: unknown; readonly v?: number }
}

/** As superjson writes it, as JSON: see `serializeOutput`. What core wrote already only gets the places of its dates. */
export function writeOutput(value: unknown): string {
  if (!(value instanceof SerializedAnswer)) return JSON.stringify(serializeOutput(value))
  const { json, dates } = value
  return dates.length === 0 ? `{"json":${json}}` : `{"json":${json},"meta":{"values":{"${dates.join(datesBetween)}":["Date"]},"v":1}}`
}

const datesBetween = '":["Date"],"'

/** Deeper than any answer; what is deeper may be a circle. */
const deepest = 32

/**
 * As superjson serialises it, to be made JSON next: the same JSON, but that it
 * does not say which of several equal objects are one. superjson copies every
 * object and remembers each for that; answers are plain trees with dates in
 * them, and of those only the places of the dates have to be found, for JSON
 * writes dates as superjson does. Whatever else there may be is left to superjson.
 */
export function serializeOutput(value: unknown): Serialized {
  if (value instanceof Date) return superjson.serialize(value)
  const dates: Record<string, readonly ['Date']> = {}
  if (!collectDates(value, '', 0, dates)) return superjson.serialize(value)
  for (const _ in dates) return { json: value, meta: { values: dates, v: 1 } }
  return { json: value }
}

/** Notes the paths of dates below; false: something is there that JSON writes in another way than superjson. */
function collectDates(value: unknown, path: string, depth: number, dates: Record<string, readonly ['Date']>): boolean {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return true
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0)
    case 'object':
      break
    default:
      return false
  }
  if (value === null) return true
  if (value instanceof Date) {
    if (Number.isNaN(value.getTime())) return false
    dates[path] = date
    return true
  }
  if (depth === deepest) return false
  return Array.isArray(value) ? inList(value, path, depth, dates) : inObject(value, path, depth, dates)
}

const date = ['Date'] as const

function inList(list: readonly unknown[], path: string, depth: number, dates: Record<string, readonly ['Date']>): boolean {
  for (let index = 0; index < list.length; index++)
    if (!collectDates(list[index], depth === 0 ? String(index) : `${path}.${index}`, depth + 1, dates)) return false
  return true
}

function inObject(object: object, path: string, depth: number, dates: Record<string, readonly ['Date']>): boolean {
  const prototype: unknown = Object.getPrototypeOf(object)
  if ((prototype !== Object.prototype && prototype !== null) || 'toJSON' in object) return false
  for (const key in object) {
    if (isReserved(key)) return false
    const value = (object as Record<string, unknown>)[key]
    // Most fields are text: no path is made for what needs none.
    if (typeof value === 'string' || value === null) continue
    const name = escapedKey(key)
    if (!collectDates(value, depth === 0 ? name : `${path}.${name}`, depth + 1, dates)) return false
  }
  return true
}
