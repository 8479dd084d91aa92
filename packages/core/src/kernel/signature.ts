import type { z } from 'zod'
import type { ErrorDefinition } from './errors.ts'

/** Commands change something; queries only read, and travel by GET. */
export type ActionKind = 'command' | 'query'

/** Every action's name and kind: what patterns of permissions are read against. */
export type Catalogue = ReadonlyMap<string, ActionKind>

/**
 * The built-in roles that an action may be granted to: `member`, `admin` and `owner` of an organization, each with all that
 * the one before has; `resourceOwner`, on what they own; `user`, everywhere. Whoever holds `*` or `queries` has it anyway.
 */
export type GrantedRole = 'member' | 'admin' | 'owner' | 'resourceOwner' | 'user'

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
  /** What it may answer besides what any action may (kernel/errors.ts); of a batch, also for one of its items. */
  readonly errors?: readonly ErrorDefinition<never>[]
  /** The built-in roles that hold it. */
  readonly grantedTo?: readonly GrantedRole[]
  /** Why the command line has no command for it. `denizen call` calls it all the same. */
  readonly withoutCommand?: string
}

/** What a caller passes. */
export type InputOf<S extends Signature> = z.input<S['input']>
/** What a handler gets: the input after parsing. */
export type ParsedInputOf<S extends Signature> = z.output<S['input']>
/** What a handler returns, before only what the model names is let out. */
export type AnswerOf<S extends Signature> = z.input<S['output']>
/** What a caller gets. */
export type OutputOf<S extends Signature> = z.output<S['output']>

/** A signature as it is declared: what it is called follows from where it stands in its group. */
export type Declaration<
  Kind extends ActionKind = ActionKind,
  Input extends z.ZodType = z.ZodType,
  Output extends z.ZodType = z.ZodType,
> = Omit<Signature<string, Kind, Input, Output>, 'name'>

type Shape<Input extends z.ZodType, Output extends z.ZodType> = Omit<Declaration<ActionKind, Input, Output>, 'kind'>

/** Signatures by verb, each named by its namespace and its key. */
export type Group<Namespace extends string, Declarations extends Readonly<Record<string, Declaration>>> = {
  readonly [Verb in keyof Declarations & string]: Signature<
    `${Namespace}.${Verb}`,
    Declarations[Verb]['kind'],
    Declarations[Verb]['input'],
    Declarations[Verb]['output']
  >
}

/** Declares, in a group, what changes something: a command. */
export function changes<Input extends z.ZodType, Output extends z.ZodType>(
  shape: Shape<Input, Output>,
): Declaration<'command', Input, Output> {
  return { kind: 'command', ...shape }
}

/** Declares, in a group, what only reads: a query. An input that holds a secret must be a command: queries travel in URLs. */
export function reads<Input extends z.ZodType, Output extends z.ZodType>(shape: Shape<Input, Output>): Declaration<'query', Input, Output> {
  return { kind: 'query', ...shape }
}

/** Names what is declared: `group('users', { rename: changes({ … }) })` declares `users.rename`. */
export function group<const Namespace extends string, Declarations extends Readonly<Record<string, Declaration>>>(
  namespace: Namespace,
  declarations: Declarations,
): Group<Namespace, Declarations> {
  const named = Object.entries(declarations).map(([verb, declaration]) => [verb, { name: `${namespace}.${verb}`, ...declaration }])
  return Object.fromEntries(named) as Group<Namespace, Declarations>
}

/** The signature of a command that stands by itself, in no group: the contract does not name it. */
export function command<const Name extends string, Input extends z.ZodType, Output extends z.ZodType>(
  name: Name,
  shape: Shape<Input, Output>,
): Signature<Name, 'command', Input, Output> {
  return { name, ...changes(shape) }
}

/** The same of a query. */
export function query<const Name extends string, Input extends z.ZodType, Output extends z.ZodType>(
  name: Name,
  shape: Shape<Input, Output>,
): Signature<Name, 'query', Input, Output> {
  return { name, ...reads(shape) }
}
