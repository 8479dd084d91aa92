import type { SqlEntityManager } from '@mikro-orm/sql'
import type { Actor, CommandContext, PrepareContext, QueryContext } from './context.ts'
import type { Id } from './id.ts'
import type { Rule, Target } from './rule.ts'
import type { AnswerOf, ParsedInputOf, Signature } from './signature.ts'

/** What an action is about: how to find it, and which rows it will change. */
export interface TargetFinder<Input> {
  /** What it is called in errors: `user`, `session`. */
  readonly type: string
  /** Whether the database has to be asked at all; without it, it is. false: the input names nothing in particular. */
  names?(input: Input, actor: Actor): boolean
  /** Loads whose it is, inside the transaction. null: it does not exist; undefined: the input names nothing in particular. */
  find(em: SqlEntityManager, input: Input, actor: Actor): Promise<Target | null | undefined>
  /** The users whose rows the handler changes; the pipeline locks them, in order of id, before anything is decided. */
  locks?(input: Input, actor: Actor): readonly Id<'usr'>[]
}

/** The same for what is asked at every turn: from memory, where it is there. */
export interface CachedTargetFinder<Input> {
  readonly type: string
  find(context: Pick<QueryContext, 'decisions' | 'catalogue' | 'actor'>, input: Input): Promise<Target | null | undefined>
}

interface Common<S extends Signature> {
  readonly signature: S
  /** Who may. Required: an action without a rule does not compile. */
  readonly allow: Rule
  readonly target?: TargetFinder<ParsedInputOf<S>>
  /** A session that still owes a step may call this. */
  readonly duringPendingStep?: true
  /** A sensitive change: wants a session whose user proved a moment ago who they are. Tokens and impersonators cannot. */
  readonly requiresRecentAuth?: true
}

export interface Query<S extends Signature<string, 'query'> = Signature<string, 'query'>> extends Common<S> {
  /** Instead of `target`. */
  readonly cachedTarget?: CachedTargetFinder<ParsedInputOf<S>>
  handle(context: QueryContext, input: ParsedInputOf<S>): Promise<AnswerOf<S>>
}

export interface Command<S extends Signature<string, 'command'> = Signature<string, 'command'>, Prepared = unknown> extends Common<S> {
  /** Proves or mints a secret: has no plan, for a plan would be an uncounted guess. */
  readonly handlesSecret?: true
  /**
   * May take seconds: whoever acts is not locked while it runs, or it would hold up whoever wants to suspend them, but
   * looked at again, locked, before anything is committed.
   */
  readonly isLong?: true
  /** Who may do it to one item of a batch: `context.checkItem` decides by it, on rows that are locked. */
  readonly allowItem?: Rule
  /** The users whose rows the handler changes, where only `prepare` can tell; instead of `target.locks`. */
  locks?(prepared: Prepared): readonly Id<'usr'>[]
  /** Slow or outside work, before the transaction. */
  prepare?(context: PrepareContext, input: ParsedInputOf<S>): Promise<Prepared>
  handle(context: CommandContext, input: ParsedInputOf<S>, prepared: Prepared): Promise<AnswerOf<S>>
}

/** Only reads, but travels like a command: what it is asked about is secret, and URLs are kept in logs. Nothing is recorded of it. */
export interface Inquiry<S extends Signature<string, 'command'> = Signature<string, 'command'>> extends Common<S> {
  readonly inquiry: true
  /** Instead of `target`. */
  readonly cachedTarget?: CachedTargetFinder<ParsedInputOf<S>>
  handle(context: QueryContext, input: ParsedInputOf<S>): Promise<AnswerOf<S>>
}

/** An inquiry about what a change would come to: it makes the change, tells what it saw, and all of it is rolled back. Nothing is recorded of it. */
export interface DryRun<S extends Signature<string, 'command'> = Signature<string, 'command'>, Prepared = unknown> extends Command<
  S,
  Prepared
> {
  readonly inquiry: true
  readonly dryRun: true
}

/** An action of any signature, as the pipeline and the faces hold it. */
export type Action = Query | Inquiry | Command | DryRun

/** Defines a query for its signature. */
export function defineQuery<S extends Signature<string, 'query'>>(signature: S, rest: Omit<Query<S>, 'signature'>): Query<S> {
  return { signature, ...rest }
}

/** Defines an inquiry for its signature. */
export function defineInquiry<S extends Signature<string, 'command'>>(
  signature: S,
  rest: Omit<Inquiry<S>, 'signature' | 'inquiry'>,
): Inquiry<S> {
  return { signature, inquiry: true, ...rest }
}

/** Defines a rehearsal for its signature. */
export function defineDryRun<S extends Signature<string, 'command'>, Prepared = undefined>(
  signature: S,
  rest: Omit<DryRun<S, Prepared>, 'signature' | 'inquiry' | 'dryRun'>,
): DryRun<S, Prepared> {
  return { signature, inquiry: true, dryRun: true, ...rest }
}

/** Defines a command for its signature. `prepare` and `handle` share the type of what was prepared. */
export function defineCommand<S extends Signature<string, 'command'>, Prepared = undefined>(
  signature: S,
  rest: Omit<Command<S, Prepared>, 'signature'>,
): Command<S, Prepared> {
  return { signature, ...rest }
}

/** Whether the action changes something. */
export function isCommand(action: Action): action is Command {
  return action.signature.kind === 'command' && !('inquiry' in action)
}

/** Whether the action makes a change only to see what comes of it. */
export function isDryRun(action: Action): action is DryRun {
  return 'dryRun' in action
}
