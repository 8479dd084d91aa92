import { expect, it } from 'vitest'
import { z } from 'zod'
import { signatures } from './contract.ts'

interface Leaf {
  readonly path: string
  readonly schema: z.core.$ZodType
}

/** The schemas inside an input that stand for one value each. */
function* leavesOf(schema: z.core.$ZodType, path: string, above: readonly z.core.$ZodType[] = []): Generator<Leaf> {
  if (above.includes(schema)) return
  const def = schema._zod.def as z.core.$ZodTypeDef & Record<string, unknown>
  const inside = partsOf(def)
  if (inside.length === 0) yield { path, schema }
  for (const [key, part] of inside) yield* leavesOf(part, key === '' ? path : `${path}.${key}`, [...above, schema])
}

function partsOf(def: z.core.$ZodTypeDef & Record<string, unknown>): readonly (readonly [string, z.core.$ZodType])[] {
  const schemas = (value: unknown) => Object.entries(value as Readonly<Record<string, z.core.$ZodType>>)
  switch (def.type) {
    case 'object':
      return schemas(def['shape'])
    case 'array':
      return [['', def['element'] as z.core.$ZodType]]
    case 'union':
      return schemas(def['options']).map(([, option]) => ['', option] as const)
    case 'tuple':
      return schemas(def['items'])
    case 'intersection':
      return [def['left'], def['right']].map((side) => ['', side as z.core.$ZodType] as const)
    case 'record':
      return [['', def['valueType'] as z.core.$ZodType]]
    case 'lazy':
      return [['', (def['getter'] as () => z.core.$ZodType)()]]
    case 'pipe':
      // A form and its checks are one value; what is parsed into something else is looked into.
      return begins(def['in'] as z.core.$ZodType, 'string') ? [] : [['', inOrOut(def)]]
    default:
      return 'innerType' in def ? [['', def['innerType'] as z.core.$ZodType]] : []
  }
}

function begins(schema: z.core.$ZodType, type: string): boolean {
  const def = schema._zod.def as z.core.$ZodTypeDef & Record<string, unknown>
  return def.type === 'pipe' ? begins(def['in'] as z.core.$ZodType, type) : def.type === type
}

/** What is prepared by a transformation is described by what comes behind it. */
function inOrOut(def: Record<string, unknown>): z.core.$ZodType {
  const first = def['in'] as z.core.$ZodType
  return first._zod.def.type === 'transform' ? (def['out'] as z.core.$ZodType) : first
}

const all: readonly { readonly name: string; readonly input: z.core.$ZodType }[] = Object.values(signatures).flatMap(Object.values)
const leaves = all.flatMap(({ name, input }) => [...leavesOf(input, name)])

it('C3: no input is turned into something else in silence', () => {
  const coerced = leaves.filter(({ schema }) => 'coerce' in schema._zod.def && schema._zod.def.coerce === true)
  expect(coerced.map(({ path }) => path)).toEqual([])
})

/** Texts that are shown to others, also beside names in tables and mails. What is only looked up, or secret, is not among them. */
const read = /(?:^|\.)\w*(?:name|description|reason|title|label|comment)$/i

it('62: S24: every text that others read is refused with what cannot be seen in it', () => {
  const texts = leaves.filter(({ path, schema }) => read.test(path) && !path.startsWith('users.import.') && !z.safeParse(schema, 7).success)
  expect(texts.length).toBeGreaterThan(30)
  expect(texts.filter(({ schema }) => z.safeParse(schema, 'a\u202eb').success).map(({ path }) => path)).toEqual([])
})
