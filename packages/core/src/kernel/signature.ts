import type { z } from 'zod'
import type { Caches } from './caches.ts'
import type { ErrorDefinition } from './errors.ts'

/** Commands change something; queries only read, and travel by GET. */
export type ActionKind = 'command' | 'query'

/** All action names with their kinds; permission patterns are expanded with it. */
export interface Catalogue extends ReadonlyMap<string, ActionKind> {
  /** They hold what was compiled with it. */
  readonly caches: Caches
}

/**
 * The built-in roles that an action may be granted to: `member`, `admin` and `owner` of an organization, each including the one before;
 * `resourceOwner` on owned resources; `user` everywhere. Roles with `*` or `queries` have it anyway.
 */
export type GrantedRole = 'member' | 'admin' | 'owner' | 'resourceOwner' | 'user'

/**
 * What an action does to its caller's session. Whoever holds tokens, a client in its store or a server in cookies, goes by this.
 *
 * - `opens`: the answer may hold the tokens of a new session, to go on with;
 * - `renews`: the same session goes on, with the tokens of the answer in place of those of the input;
 * - `opensAnother`: the answer holds the tokens of a session beside the caller's own, which goes on;
 * - `ends`: the session that the call was made with is over.
 */
export type SessionEffect = 'opens' | 'renews' | 'opensAnother' | 'ends'

/**
 * What a client may know of an action: name, kind and shapes. The name is tRPC path, permission, CLI verb and audit verb at once, and
 * never changes.
 */
export interface Signature<
  Name extends string = string,
  Kind extends ActionKind = ActionKind,
  Input extends z.ZodType = z.ZodType,
  Output extends z.ZodType = z.ZodType,
> {
  readonly name: Name
  readonly kind: Kind
  /** One line in the imperative, for CLI help and reference. */
  readonly summary: string
  readonly input: Input
  readonly output: Output
  /** Errors besides the common ones (kernel/errors.ts); of a batch, also those of its items. */
  readonly errors?: readonly ErrorDefinition<never>[]
  /**
   * Bytes of JSON that an input may take from callers who hold the permission somewhere, if that is more than usual. Whether they do
   * is known before the body is read.
   */
  readonly inputLimit?: number
  /** Values (items of lists, fields) that such an input may hold: about twice what its largest sensible one has. */
  readonly mostValues?: number
  /** The built-in roles that have it. */
  readonly grantedTo?: readonly GrantedRole[]
  /** What it does to the session of its caller; left out: nothing. */
  readonly session?: SessionEffect
  /** Why the command line has no command for it. `denizen call` calls it all the same. */
  readonly withoutCommand?: string
}

/** The input before parsing. */
export type InputOf<S extends Signature> = z.input<S['input']>
/** The input after parsing, as the handler gets it. */
export type ParsedInputOf<S extends Signature> = z.output<S['input']>
/** The return value of a handler, before the output schema removes everything else. */
export type AnswerOf<S extends Signature> = z.input<S['output']>
/** The output that a caller gets. */
export type OutputOf<S extends Signature> = z.output<S['output']>

/** A signature without its name, which follows from its key in the group. */
export type Declaration<
  Kind extends ActionKind = ActionKind,
  Input extends z.ZodType = z.ZodType,
  Output extends z.ZodType = z.ZodType,
> = Omit<Signature<string, Kind, Input, Output>, 'name'>

type Shape<Input extends z.ZodType, Output extends z.ZodType> = Omit<Declaration<ActionKind, Input, Output>, 'kind'>

/** Signatures by verb, named by namespace and key. */
export type Group<Namespace extends string, Declarations extends Readonly<Record<string, Declaration>>> = {
  readonly [Verb in keyof Declarations & string]: Signature<
    `${Namespace}.${Verb}`,
    Declarations[Verb]['kind'],
    Declarations[Verb]['input'],
    Declarations[Verb]['output']
  >
}

/** Declares a command in a group. */
export function changes<Input extends z.ZodType, Output extends z.ZodType>(
  shape: Shape<Input, Output>,
): Declaration<'command', Input, Output> {
  return { kind: 'command', ...shape }
}

/** Declares a query in a group. An input with a secret needs a command: queries travel in URLs. */
export function reads<Input extends z.ZodType, Output extends z.ZodType>(shape: Shape<Input, Output>): Declaration<'query', Input, Output> {
  return { kind: 'query', ...shape }
}

/** Names the declarations: `group('users', { rename: changes({ … }) })` declares `users.rename`. */
export function group<const Namespace extends string, Declarations extends Readonly<Record<string, Declaration>>>(
  namespace: Namespace,
  declarations: Declarations,
): Group<Namespace, Declarations> {
  const named = Object.entries(declarations).map(([verb, declaration]) => [verb, { name: `${namespace}.${verb}`, ...declaration }])
  return Object.fromEntries(named) as Group<Namespace, Declarations>
}

/** The signature of a command outside of groups and of the contract. */
export function command<const Name extends string, Input extends z.ZodType, Output extends z.ZodType>(
  name: Name,
  shape: Shape<Input, Output>,
): Signature<Name, 'command', Input, Output> {
  return { name, ...changes(shape) }
}

/** The signature of a query outside of groups and of the contract. */
export function query<const Name extends string, Input extends z.ZodType, Output extends z.ZodType>(
  name: Name,
  shape: Shape<Input, Output>,
): Signature<Name, 'query', Input, Output> {
  return { name, ...reads(shape) }
}
