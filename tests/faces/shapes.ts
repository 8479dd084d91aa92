import { holdsSecret } from '../../packages/core/src/kernel/secret.ts'
import type { Signature } from '@denizen/core/contract'
import { z } from 'zod'

/** How an action is carried out, where its signature does not say. */
interface Traits {
  /** Only reads, though it travels like a command. */
  readonly inquiry: boolean
  /** A plan of it would be a way to try out secrets. */
  readonly handlesSecret: boolean
  /** Takes no idempotency key. */
  readonly keyless: boolean
  /** How its example fails, and whether that is counted as a wrong guess. */
  readonly failure: { readonly kind: string; readonly counted?: boolean }
}

/** What is done with an example, through a face. */
export type Case = 'succeeds' | 'fails' | 'is planned' | 'is repeated with a key'

export interface Candidate {
  readonly signature: Signature
  readonly traits: Traits
}

/**
 * All that a face has to carry in such a call, in words: two actions of one shape are the same to it. Types of
 * zod are told by their own names, so that one that no action had before is a shape that was not there before.
 */
export function shapesOf({ signature, traits }: Candidate, which: Case): ReadonlySet<string> {
  const { input, output, kind } = signature
  const how = kind === 'query' ? 'query' : traits.inquiry ? 'inquiry' : 'command'
  const keyed = traits.keyless ? 'refused' : holdsSecret(output) ? 'answers a secret once' : 'answers the same again'
  switch (which) {
    case 'succeeds':
      // The input of a query travels in a URL, any other in a body.
      return new Set([how, ...schemaShapes(`${kind}'s input`, input), ...schemaShapes('output', output)])
    case 'fails':
      return new Set([`${how} fails: ${traits.failure.kind}${traits.failure.counted === true ? ', counted' : ''}`])
    case 'is planned':
      return new Set(how !== 'command' ? [] : traits.handlesSecret ? ['plan refused'] : ['plan', ...planShapes(input)])
    case 'is repeated with a key':
      return new Set(how === 'command' ? [`key ${keyed}`] : [])
  }
}

/** A plan tells which items of a batch would fail. */
function planShapes(input: z.ZodType): readonly string[] {
  return [...schemaShapes('input', input)].some((shape) => shape.startsWith('input catch ')) ? ['plan of a batch'] : []
}

/** The shapes of an input or an output: what every schema in it is, and in what it stands. */
function schemaShapes(side: string, schema: z.ZodType): ReadonlySet<string> {
  const shapes = new Set<string>()
  if (schema instanceof z.ZodObject && Object.keys(schema.shape).length === 0) shapes.add(`${side} nothing`)
  const seen = new Set<z.ZodType>()
  const visit = (inner: z.ZodType, around: string): void => {
    for (const shape of ownShapes(inner)) shapes.add(`${side} ${shape} in ${around}`)
    if (seen.has(inner)) return
    seen.add(inner)
    for (const child of childrenOf(inner)) visit(child, inner.def.type)
  }
  visit(schema, 'nothing')
  return shapes
}

/** What a schema is by itself, whatever stands in it. */
function ownShapes(schema: z.ZodType): readonly string[] {
  const { type, format } = schema.def as { readonly type: string; readonly format?: unknown }
  const shapes: string[] = [typeof format === 'string' ? `${type} (${format})` : type]
  if (isSecret(schema)) shapes.push('secret')
  // Left out, null and a value are three things to whoever changes something.
  if (type === 'optional' && childrenOf(schema).some((child) => child.def.type === 'nullable')) shapes.push('optional or null')
  if (!(schema instanceof z.ZodObject)) return shapes
  if ('items' in schema.shape && 'nextCursor' in schema.shape) shapes.push('total' in schema.shape ? 'page with a total' : 'page')
  if ('limit' in schema.shape && 'cursor' in schema.shape) shapes.push('cursor')
  return shapes
}

/** The innermost that holds a secret is the secret. */
function isSecret(schema: z.ZodType): boolean {
  return withSecret(schema) && !childrenOf(schema).some(withSecret)
}

const secretsKnown = new WeakMap<z.ZodType, boolean>()

function withSecret(schema: z.ZodType): boolean {
  const holds = secretsKnown.get(schema) ?? holdsSecret(schema)
  secretsKnown.set(schema, holds)
  return holds
}

/**
 * The schemas that a schema is made of, wherever its definition holds them: in a type of zod that is not known here as well. Its checks
 * are none, though a check of one's own is a schema to zod.
 */
function childrenOf(schema: z.ZodType): readonly z.ZodType[] {
  const { getter, ...def } = schema.def as unknown as Readonly<Record<string, unknown>>
  const held: unknown[] = typeof getter === 'function' ? [getter()] : []
  if (schema instanceof z.ZodObject) held.push(...Object.values(schema.shape))
  for (const [name, value] of Object.entries(def))
    if (name !== 'checks') held.push(...(Array.isArray(value) ? (value as unknown[]) : [value]))
  return held.filter((value) => value instanceof z.ZodType)
}

/**
 * So few of the candidates that together they have every shape there is. At each step the one that brings most that
 * was missing, of equals the first by name: the same signatures give the same choice, in whatever order.
 */
export function choose(candidates: readonly Candidate[], which: Case): readonly string[] {
  const left = candidates
    .map((candidate) => ({ name: candidate.signature.name, shapes: shapesOf(candidate, which) }))
    .toSorted((one, other) => (one.name < other.name ? -1 : 1))
  const covered = new Set<string>()
  const chosen: string[] = []
  const news = ({ shapes }: (typeof left)[number]) => [...shapes].filter((shape) => !covered.has(shape)).length
  for (;;) {
    const best = left.reduce<(typeof left)[number] | undefined>(
      (first, next) => (news(next) > (first === undefined ? 0 : news(first)) ? next : first),
      undefined,
    )
    if (best === undefined) return chosen
    for (const shape of best.shapes) covered.add(shape)
    chosen.push(best.name)
  }
}
