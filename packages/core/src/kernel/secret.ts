import { z } from 'zod'
import { isObject } from './json.ts'

/** Schemas whose values are secrets: never stored with an answer, logged or put into an audit entry. */
const secrets = z.registry<{ secret: true }>()

/** Marks a value that must not be stored or shown again: a password, a token. */
export function secret<Schema extends z.ZodType>(schema: Schema): Schema {
  secrets.add(schema, { secret: true })
  return schema
}

/** `get` instead of `has`: it also knows copies made by `.meta()` and `.refine()`. */
function isSecret(schema: z.ZodType): boolean {
  return secrets.get(schema) !== undefined
}

/** Whether a schema contains a secret. */
export function holdsSecret(schema: z.ZodType): boolean {
  return holdsSecretBeside(new Set(), schema)
}

/** `seen` breaks cycles: a schema may contain itself. */
function holdsSecretBeside(seen: Set<z.ZodType>, schema: z.ZodType): boolean {
  if (seen.has(schema)) return false
  seen.add(schema)
  return isSecret(schema) || children(schema).some((child) => holdsSecretBeside(seen, child))
}

/** The value without its secrets. */
export function withoutSecrets(schema: z.ZodType, value: unknown): unknown {
  if (isSecret(schema)) return undefined
  if (!holdsSecret(schema)) return value
  if (schema instanceof z.ZodArray && Array.isArray(value)) return value.map((item) => withoutSecrets(schema.element as z.ZodType, item))
  const hasFields = isObject(value) && !(value instanceof Date)
  if (schema instanceof z.ZodObject && hasFields) return objectWithoutSecrets(schema.shape, value)
  if (schema instanceof z.ZodRecord && hasFields)
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withoutSecrets(schema.valueType as z.ZodType, item)]))
  return children(schema).reduce((rest, child) => (child instanceof z.ZodType ? withoutSecrets(child, rest) : rest), value)
}

function objectWithoutSecrets(shape: Readonly<Record<string, z.ZodType>>, value: Record<string, unknown>) {
  const kept: Record<string, unknown> = {}
  for (const [key, item] of Object.entries(value)) {
    const schema = shape[key]
    const rest = schema === undefined ? item : withoutSecrets(schema, item)
    if (rest !== undefined) kept[key] = rest
  }
  return kept
}

/** The direct parts of a schema: properties, options of a union, the schema inside a wrapper. */
function children(schema: z.ZodType): readonly z.ZodType[] {
  if (schema instanceof z.ZodObject) return Object.values(schema.shape)
  if (schema instanceof z.ZodArray) return [schema.element as z.ZodType]
  if (schema instanceof z.ZodRecord) return [schema.valueType as z.ZodType]
  if (schema instanceof z.ZodUnion) return schema.options as readonly z.ZodType[]
  if (schema instanceof z.ZodPipe) return [schema.in as z.ZodType, schema.out as z.ZodType]
  if (
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodNullable ||
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodCatch ||
    schema instanceof z.ZodReadonly
  )
    return [schema.unwrap() as z.ZodType]
  return []
}
