import type { z } from 'zod'

/** Commands change something; queries only read, and travel by GET. */
export type ActionKind = 'command' | 'query'

/** Every action's name and kind: what patterns of permissions are read against. */
export type Catalogue = ReadonlyMap<string, ActionKind>

/**
 * What a client may know of an action: its public name, kind and shapes. The
 * name is tRPC path, permission, CLI verb and audit verb at once, and frozen.
 */
export interface Signature<
  Name extends string = string,
  Kind extends ActionKind = ActionKind,
  Input extends z.ZodType = z.ZodType,
  Output extends z.ZodType = z.ZodType,
> {
  readonly name: Name
  readonly kind: Kind
  /** One line, in the imperative: it is the CLI's help and the reference's heading. */
  readonly summary: string
  readonly input: Input
  readonly output: Output
}

/** What a caller passes. */
export type InputOf<S extends Signature> = z.input<S['input']>
/** What a handler gets: the input after parsing. */
export type ParsedInputOf<S extends Signature> = z.output<S['input']>
/** What a handler returns, before only what the model names is let out. */
export type AnswerOf<S extends Signature> = z.input<S['output']>
/** What a caller gets. */
export type OutputOf<S extends Signature> = z.output<S['output']>

/** Declares the signature of a command. */
export function command<const Name extends string, Input extends z.ZodType, Output extends z.ZodType>(
  name: Name,
  shape: { summary: string; input: Input; output: Output },
): Signature<Name, 'command', Input, Output> {
  return { name, kind: 'command', ...shape }
}

/** Declares the signature of a query. An input that holds a secret must be a command: queries travel in URLs. */
export function query<const Name extends string, Input extends z.ZodType, Output extends z.ZodType>(
  name: Name,
  shape: { summary: string; input: Input; output: Output },
): Signature<Name, 'query', Input, Output> {
  return { name, kind: 'query', ...shape }
}
