import type { SqlEntityManager } from '@mikro-orm/sql'
import type { Actor } from './actor.ts'
import type { CommandContext, ImmediateContext, PrepareContext, QueryContext } from './context.ts'
import type { DecisionRequest, DecisionView } from './decisions.ts'
import type { Id } from './id.ts'
import { anyone, type Rule, type Target } from './rule.ts'
import { holdsSecret } from './secret.ts'
import type { AnswerOf, ParsedInputOf, Signature } from './signature.ts'

/** How an action finds its target, and which rows it will change. */
export interface TargetFinder<Input> {
  /** The type in errors: `user`, `session`. */
  readonly type: string
  /** Whether the input names a target at all; false: it does not, so the database is not asked. Default: it does. */
  names?(input: Input, actor: Actor): boolean
  /** Loads the target inside the transaction. null: it does not exist; undefined: the input names none. */
  find(em: SqlEntityManager, input: Input, actor: Actor): Promise<Target | null | undefined>
  /** The users whose rows the handler changes. The pipeline locks them by id before anything is decided. */
  locks?(input: Input, actor: Actor): readonly Id<'usr'>[]
}

/** A target finder for actions that are called very often: it goes by facts that are cached. */
export interface CachedTargetFinder<Input> {
  readonly type: string
  /** The facts that it needs; null: the input names no target. */
  needs(actor: Actor, input: Input): DecisionRequest | null
  /** null: the target does not exist. */
  find(view: DecisionView, input: Input): Target | null
}

interface Common<S extends Signature> {
  readonly signature: S
  /** Who may call it. Required: an action without a rule does not compile. */
  readonly allow: Rule
  readonly target?: TargetFinder<ParsedInputOf<S>>
  /** Answers from the credential and within its limits: also one that is limited to an organization may call it for itself. */
  readonly aboutCredential?: true
  /** Says only what the credential itself is: it may be called whatever the scopes of a token are. Its answer tells no more where they leave it out. */
  readonly withAnyScope?: true
  /** Can be called in a session with pending steps. */
  readonly duringPendingStep?: true
  /** Takes long: few at a time in this process, and one for each caller and each organization; others get `request.tooManyAtOnce`. */
  readonly fewAtOnce?: true
  /** A sensitive change: needs recent authentication of the user in their own session. API tokens and impersonators cannot call it. */
  readonly requiresRecentAuth?: true
}

interface Reading<S extends Signature> extends Common<S> {
  /** Instead of `target`. */
  readonly cachedTarget?: CachedTargetFinder<ParsedInputOf<S>>
  /** Its answer is put together by several statements that have to see the same moment. It has no cached decisions. */
  readonly oneSnapshot?: true
  handle(context: QueryContext, input: ParsedInputOf<S>): Promise<AnswerOf<S>>
}

export interface Query<S extends Signature<string, 'query'> = Signature<string, 'query'>> extends Reading<S> {
  readonly kind: 'query'
  /**
   * The same answer from memory, without waiting, for queries that are asked very often; undefined: not everything is cached, or it depends
   * on the address of the call, which is not known here. The pipeline does everything else that it does for a call. It has neither `target` nor `requiresRecentAuth`.
   */
  immediate?(context: ImmediateContext, input: ParsedInputOf<S>): AnswerOf<S> | undefined
  /**
   * Whether the caller may have it, and the immediate answer, depend on the principal alone, neither on the input nor on the time, and no
   * permission is used: it is cached as long as the principal.
   */
  readonly perPrincipal?: true
}

/** A query that travels like a command, because its input is secret and URLs are logged. Nothing is recorded. */
export interface Inquiry<S extends Signature<string, 'command'> = Signature<string, 'command'>> extends Reading<S> {
  readonly kind: 'inquiry'
}

interface Changing<S extends Signature, Prepared> extends Common<S> {
  /** Takes or returns a secret. It cannot be planned, because a plan would be a guess that nobody counts. */
  readonly handlesSecret?: true
  /**
   * Takes power from somebody: long commands that hold it up are begun again behind it. A batch gives way to the others that do.
   * `everywhere`: from an account, so whatever its user has under way gives way. `inOrganization`: only what they do in the organization of
   * the target.
   */
  readonly takesPrecedence?: 'everywhere' | 'inOrganization'
  /** The rule for one item of a batch; `context.checkItem` applies it to locked rows. */
  readonly allowItem?: Rule
  /** A plan also says what the command would answer, because its answer tells what becomes of each item. */
  readonly plansAnswer?: true
  /** The users whose rows the handler changes, if only `prepare` knows them; instead of `target.locks`. */
  locks?(prepared: Prepared): readonly Id<'usr'>[]
  /** The users who have to stay as they are until the end, although the handler does not change them: they go on with what they do. */
  keeps?(prepared: Prepared): readonly Id<'usr'>[]
  /** Slow or external work before the transaction. */
  prepare?(context: PrepareContext, input: ParsedInputOf<S>): Promise<Prepared>
  handle(context: CommandContext, input: ParsedInputOf<S>, prepared: Prepared): Promise<AnswerOf<S>>
}

export interface Command<S extends Signature<string, 'command'> = Signature<string, 'command'>, Prepared = unknown> extends Changing<
  S,
  Prepared
> {
  readonly kind: 'command'
}

/** A query about the effects of a change: it makes the change, reports, and is rolled back. Nothing is recorded. */
export interface DryRun<S extends Signature<string, 'command'> = Signature<string, 'command'>, Prepared = unknown> extends Changing<
  S,
  Prepared
> {
  readonly kind: 'dryRun'
}

/** An action that only reads. */
export type ReadingAction = Query | Inquiry

/** An action whose handler changes something, for good or not. */
export type ChangingAction = Command | DryRun

/** An action of any kind. Its kind says how it is run; that of its signature, how it travels. */
export type Action = ReadingAction | ChangingAction

export function defineQuery<S extends Signature<string, 'query'>>(signature: S, rest: Omit<Query<S>, 'signature' | 'kind'>): Query<S> {
  return { signature, kind: 'query', ...rest }
}

export function defineInquiry<S extends Signature<string, 'command'>>(
  signature: S,
  rest: Omit<Inquiry<S>, 'signature' | 'kind'>,
): Inquiry<S> {
  return { signature, kind: 'inquiry', ...rest }
}

export function defineDryRun<S extends Signature<string, 'command'>, Prepared = undefined>(
  signature: S,
  rest: Omit<DryRun<S, Prepared>, 'signature' | 'kind'>,
): DryRun<S, Prepared> {
  return { signature, kind: 'dryRun', ...rest }
}

/** Defines a command for its signature. `prepare` and `handle` share the type of what was prepared. */
export function defineCommand<S extends Signature<string, 'command'>, Prepared = undefined>(
  signature: S,
  rest: Omit<Command<S, Prepared>, 'signature' | 'kind'>,
): Command<S, Prepared> {
  return { signature, kind: 'command', ...rest }
}

/**
 * Whether the action takes an idempotency key. What takes a secret to compare it takes none, and neither does what strangers may call and
 * handles one: a key that is used for many guesses, at once or in turn, would leave a trace of one, and an answer with a secret cannot be given again to
 * whoever knows the key.
 */
export function takesKey(action: Action): boolean {
  if (action.kind !== 'command') return false
  const { input, output } = action.signature
  if (action.handlesSecret === true && (action.allow === anyone || holdsSecret(input))) return false
  return action.allow !== anyone || !holdsSecret(output)
}
