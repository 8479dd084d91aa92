import { z } from 'zod'
import { idPrefixOf } from '../../packages/core/src/kernel/id.ts'

/** Where an input names something by its id. A number is any item of a list. */
export interface Place {
  readonly path: readonly (string | number)[]
  /** What kind of thing: `usr`, `org`. */
  readonly prefix: string
}

/** Every place of an input where an id goes, however deep; what holds itself, like the users' filter, is looked into once more. */
export function placesOf(schema: z.core.$ZodType): readonly Place[] {
  const known = looked.get(schema)
  if (known !== undefined) return known
  const found = new Map<string, Place>()
  for (const place of walk(schema, [], [])) found.set(nameOf(place), place)
  looked.set(schema, [...found.values()])
  return [...found.values()]
}

const looked = new WeakMap<z.core.$ZodType, readonly Place[]>()

export function nameOf({ path }: Pick<Place, 'path'>): string {
  return path
    .map((step) => (typeof step === 'number' ? '[]' : `.${step}`))
    .join('')
    .replace(/^\./, '')
}

function* walk(schema: z.core.$ZodType, path: Place['path'], above: readonly z.core.$ZodType[]): Generator<Place> {
  const prefix = idPrefixOf(schema)
  if (prefix !== undefined) {
    yield { path, prefix }
    return
  }
  if (above.filter((one) => one === schema).length > 1) return
  for (const [inner, ...step] of inside(schema)) yield* walk(inner, [...path, ...step], [...above, schema])
}

const leaves: ReadonlySet<string> = new Set(
  'string number int bigint boolean date enum literal null undefined void never any unknown custom transform file nan symbol'.split(' '),
)

/** What is inside a schema, and the step that leads there. A kind of schema that is new here is an error, lest ids hide in it. */
function inside(schema: z.core.$ZodType): readonly (readonly [z.core.$ZodType, ...(string | number)[]])[] {
  if (schema instanceof z.ZodObject) return Object.entries(schema.shape).map(([key, inner]) => [inner, key] as const)
  if (schema instanceof z.ZodArray) return [[schema.element, 0]]
  if (schema instanceof z.ZodRecord) return [[schema.keyType], [schema.valueType, 'any']]
  if (schema instanceof z.ZodUnion) return schema.options.map((option) => [option] as const)
  if (schema instanceof z.ZodPipe) return [[schema.in], [schema.out]]
  if (
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodNullable ||
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault ||
    schema instanceof z.ZodCatch ||
    schema instanceof z.ZodReadonly ||
    schema instanceof z.ZodLazy
  )
    return [[schema.unwrap()]]
  const { type } = schema._zod.def
  if (leaves.has(type)) return []
  throw new Error(`tests/isolation/places.ts does not know what is inside a ${type}: teach it, or ids in there are not looked at`)
}

/** The input with a value at a place; what leads there is made. Of a list of ids it is the first, of any other list the only item. */
export function withValue(input: unknown, path: Place['path'], value: unknown): unknown {
  const [step, ...rest] = path
  if (step === undefined) return value
  if (typeof step === 'number') {
    const [first, ...others] = Array.isArray(input) ? (input as readonly unknown[]) : []
    return [withValue(first, rest, value), ...(rest.length === 0 ? others : [])]
  }
  const object = typeof input === 'object' && input !== null && !Array.isArray(input) ? (input as Readonly<Record<string, unknown>>) : {}
  return { ...object, [step]: withValue(object[step], rest, value) }
}

/** Whether the input says something at a place. */
export function isSaid(input: unknown, path: Place['path']): boolean {
  return valueAt(input, path) !== undefined
}

function valueAt(input: unknown, path: Place['path']): unknown {
  return path.reduce<unknown>((inner, step) => (inner as Readonly<Record<string | number, unknown>> | null | undefined)?.[step], input)
}

/**
 * The input as the schema takes it: of what contradicts the place (a list of ids beside a filter, who has
 * what beside the assignment) as little is left out as may be; and of what holds the place, all the rest (`on` names
 * an organization, or a team, or a resource). null: no way was found.
 */
export function acceptable(schema: z.ZodType, input: unknown, { path }: Place): Readonly<Record<string, unknown>> | null {
  const whole = input as Readonly<Record<string, unknown>>
  for (const one of [whole, withNothingBeside(whole, path)])
    for (const candidate of shortened(one, path[0])) if (schema.safeParse(candidate).success) return candidate
  return null
}

/** An input without every choice of its fields but one, the longest first. Mostly the first will do. */
function* shortened(
  whole: Readonly<Record<string, unknown>>,
  kept: string | number | undefined,
): Generator<Readonly<Record<string, unknown>>> {
  yield whole
  const without = Object.keys(whole)
    .filter((key) => key !== kept)
    .reduce<readonly (readonly string[])[]>((choices, key) => choices.flatMap((choice) => [choice, [...choice, key]]), [[]])
  for (const keys of without.toSorted((one, other) => one.length - other.length))
    if (keys.length > 0) yield Object.fromEntries(Object.entries(whole).filter(([key]) => !keys.includes(key)))
}

/** The input where the object that holds the place says nothing else. */
function withNothingBeside(whole: Readonly<Record<string, unknown>>, path: Place['path']): Readonly<Record<string, unknown>> {
  const last = path.findLastIndex((step) => typeof step === 'string')
  if (last < 1) return whole
  const alone = { [path[last] ?? '']: valueAt(whole, path.slice(0, last + 1)) }
  return withValue(whole, path.slice(0, last), alone) as Readonly<Record<string, unknown>>
}
