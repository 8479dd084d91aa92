import { escapedKey, isReserved, SerializedAnswer } from '@denizen/core'
import superjson from 'superjson'

/** A value as superjson serializes it: JSON, and the paths of what JSON cannot express. */
export interface Serialized {
  readonly json: unknown
  readonly meta?: { readonly values?: unknown; readonly v?: number }
}

/** A value as superjson's JSON (see `serializeOutput`). An answer that core has serialized already only gets the paths of its dates. */
export function writeOutput(value: unknown): string {
  if (!(value instanceof SerializedAnswer)) return JSON.stringify(serializeOutput(value))
  const { json, dates } = value
  return dates.length === 0 ? `{"json":${json}}` : `{"json":${json},"meta":{"values":{"${dates.join(datesBetween)}":["Date"]},"v":1}}`
}

const datesBetween = '":["Date"],"'

/** Deeper than any answer; anything deeper may be circular. */
const deepest = 32

/**
 * Serializes as superjson does, except that it does not note which objects are identical.
 * For that superjson copies and remembers every object. Answers are plain trees with dates
 * in them; JSON writes dates as superjson does, so only their paths have to be found.
 * Everything else is left to superjson.
 */
export function serializeOutput(value: unknown): Serialized {
  if (value instanceof Date) return superjson.serialize(value)
  const dates: Record<string, readonly ['Date']> = {}
  if (!collectDates(value, '', 0, dates)) return superjson.serialize(value)
  for (const _ in dates) return { json: value, meta: { values: dates, v: 1 } }
  return { json: value }
}

/** Collects the paths of dates; false: there is a value that JSON and superjson write differently. */
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
    // Most fields are text: no path is made for them.
    if (typeof value === 'string' || value === null) continue
    const name = escapedKey(key)
    if (!collectDates(value, depth === 0 ? name : `${path}.${name}`, depth + 1, dates)) return false
  }
  return true
}
