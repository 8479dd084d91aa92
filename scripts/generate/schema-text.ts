import { z } from 'zod'

/** The parts of JSON Schema that the schemas of Denizen come to. */
export interface JsonSchema {
  readonly type?: string | readonly string[]
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly format?: string
  readonly description?: string
  readonly default?: unknown
  readonly items?: JsonSchema
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly required?: readonly string[]
  readonly anyOf?: readonly JsonSchema[]
  readonly oneOf?: readonly JsonSchema[]
  readonly additionalProperties?: JsonSchema | boolean
  readonly $ref?: string
}

/** A schema as JSON Schema, as it travels: of what is read and turned into something else, what is read. */
export function jsonSchemaOf(schema: z.ZodType): JsonSchema {
  return z.toJSONSchema(schema, {
    io: 'input',
    unrepresentable: 'any',
    override({ zodSchema, jsonSchema }) {
      if (zodSchema._zod.def.type === 'date') Object.assign(jsonSchema, { type: 'string', format: 'date-time' })
    },
  }) as JsonSchema
}

/** Fields as a table; an answer that is something else than an object is told in a line. */
export function fieldsText(schema: JsonSchema): string {
  const branches = schema.anyOf ?? schema.oneOf
  if (branches?.every(({ properties }) => properties !== undefined)) return branches.map(fieldsText).join('\n\nor\n\n')
  const present = branches?.filter(({ type }) => type !== 'null') ?? []
  const [only] = present
  if (only !== undefined && present.length === 1 && only.properties !== undefined) return `${fieldsText(only)}\n\nor \`null\``
  const fields = Object.entries(schema.properties ?? {})
  if (fields.length === 0) return schema.type === 'object' ? 'nothing' : `\`${typeText(schema)}\``
  const rows = fields.map(([name, field]) => {
    const optional = schema.required?.includes(name) === true ? '' : '?'
    const initial = field.default === undefined ? '' : `default \`${JSON.stringify(field.default)}\``
    const words = [field.description ?? '', initial].filter((text) => text !== '').join('; ')
    return `| \`${name}${optional}\` | ${cell(typeText(field))} | ${cell(words)} |`
  })
  return ['| field | type | |', '|---|---|---|', ...rows].join('\n')
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('<', '&lt;').replaceAll('\n', ' ')
}

/** How deep a type is told; below that it is called an object. */
const deepest = 2

/** A type in few words. */
function typeText(schema: JsonSchema, depth = 0): string {
  const branches = schema.anyOf ?? schema.oneOf
  if (branches !== undefined) return [...new Set(branches.map((branch) => typeText(branch, depth)))].join(' | ')
  if (schema.const !== undefined) return JSON.stringify(schema.const)
  if (schema.enum !== undefined) return schema.enum.map((value) => JSON.stringify(value)).join(' | ')
  if (schema.$ref !== undefined) return 'JSON'
  if (schema.format === 'date-time') return 'date'
  if (schema.type === 'array') return `${bracketed(typeText(schema.items ?? {}, depth))}[]`
  if (schema.type === 'object') return objectText(schema, depth)
  return [schema.type ?? 'any'].flat().join(' | ')
}

function bracketed(type: string): string {
  return type.includes(' | ') ? `(${type})` : type
}

function objectText({ properties, required = [], additionalProperties }: JsonSchema, depth: number): string {
  if (properties === undefined)
    return typeof additionalProperties === 'object' ? `{ [key]: ${typeText(additionalProperties, depth)} }` : 'object'
  if (depth >= deepest) return 'object'
  const fields = Object.entries(properties).map(
    ([name, field]) => `${name}${required.includes(name) ? '' : '?'}: ${typeText(field, depth + 1)}`,
  )
  return fields.length === 0 ? '{}' : `{ ${fields.join(', ')} }`
}

/** A value of the type, with what cannot be left out; with one field where all of them can. */
export function sampleOf(schema: JsonSchema): unknown {
  if (schema.const !== undefined) return schema.const
  if (schema.enum !== undefined) return schema.enum[0]
  const [first] = schema.anyOf ?? schema.oneOf ?? []
  if (first !== undefined) return sampleOf(first)
  switch (schema.type) {
    case 'string':
      return schema.format === 'date-time' ? '2026-11-21T08:00:00Z' : '…'
    case 'integer':
    case 'number':
      return 1
    case 'boolean':
      return true
    case 'array':
      return [sampleOf(schema.items ?? {})]
    case 'object': {
      const { properties = {}, required = [] } = schema
      const shown = required.length > 0 ? required : Object.keys(properties).slice(0, 1)
      return Object.fromEntries(shown.map((name) => [name, sampleOf(properties[name] ?? {})]))
    }
    default:
      return '…'
  }
}
