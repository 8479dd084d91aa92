import { copyValue, SerializedAnswer } from '@denizen/core'
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

/**
 * Serializes as superjson does, except that it does not note which objects are identical: for that superjson remembers every object.
 * Answers are plain trees with dates in them, which core copies. Everything else is left to superjson.
 */
export function serializeOutput(value: unknown): Serialized {
  const copied = copyValue(value)
  if (copied === null) return superjson.serialize(value)
  const { json, dates } = copied
  return dates.length === 0 ? { json } : { json, meta: { values: Object.fromEntries(dates.map(dateAt)), v: 1 } }
}

function dateAt(path: string): [string, readonly ['Date']] {
  return [path.includes('\\') ? (JSON.parse(`"${path}"`) as string) : path, ['Date']]
}
