import type { SqlEntityManager } from '@mikro-orm/sql'
import type { Ports } from '../ports/index.ts'
import type { Actor, UserActor } from './actor.ts'
import type { Caches } from './caches.ts'
import type { Credentials } from './credentials.ts'
import type { DecisionFacts, DecisionRequest, Decisions } from './decisions.ts'
import type { DenizenError } from './errors.ts'
import type { DomainEvent, Job } from './event.ts'
import type { Id } from './id.ts'
import type { InvalidationKey, InvalidationOptions } from './invalidation.ts'
import type { LimitSource } from './limits.ts'
import type { Origin } from './origin.ts'
import type { Target } from './rule.ts'
import type { Reader } from './select.ts'
import type { Settings } from './settings.ts'
import type { Catalogue } from './signature.ts'

/** The ports, with the caches of what was asked through them. */
export interface CorePorts extends Ports {
  readonly caches: Caches
}

/** What every step of a call knows. */
interface CallContext {
  readonly now: Date
  readonly actor: Actor
  readonly origin: Origin
  readonly ports: CorePorts
  readonly settings: Settings
  readonly credentials: Credentials
  readonly catalogue: Catalogue
}

/** The context of `prepare`. No transaction is open; the handler has to check again what it finds. */
export interface PrepareContext extends CallContext {
  /** Reads outside of transactions; each call is a statement of its own. */
  readonly reader: SqlEntityManager
}

/** Records that a permission was used, for access reviews. Costs a lookup in a map; it is written later, in the background. */
export interface UseRecorder {
  /** @param organizationId the organization of the target; null: none */
  note(userId: Id<'usr'>, permission: string, organizationId: Id<'org'> | null): void
  /** Whether it need not be noted: whether a permission was used, or something else let the user through, costs more to find out. */
  isNoted(userId: Id<'usr'>, permission: string, organizationId: Id<'org'> | null): boolean
}

/** For dry runs, which record nothing. */
export const unrecordedUses: UseRecorder = { note: () => {}, isNoted: () => true }

export interface QueryContext extends CallContext, Reader {
  readonly uses: UseRecorder
  readonly decisions: Decisions
  /** Opens the read-only transaction at first use; an answer from the principal alone needs none. */
  open(): Promise<SqlEntityManager>
}

/** The context of an answer from memory: nothing can be loaded. */
export interface ImmediateContext extends Pick<QueryContext, 'catalogue' | 'uses'> {
  /** Without an address. */
  readonly actor: UserActor
  /** The facts for decisions; undefined: not all of them are cached. */
  facts(request: DecisionRequest): DecisionFacts | undefined
}

export interface CommandContext extends Omit<QueryContext, 'open' | 'decisions' | keyof Reader> {
  /** The command's transaction; everything is written through it. */
  readonly em: SqlEntityManager
  readonly limits: LimitSource
  newId<Prefix extends string>(prefix: Prefix): Id<Prefix>
  /** Writes an event in this transaction. */
  emit(event: DomainEvent): void
  /** Queues a job in this transaction. */
  enqueue(job: Job): void
  /** Adds facts to the audit entry. Never secrets. */
  note(facts: AuditFacts): void
  /** Drops what is cached of this, here and in all other processes, once the transaction commits. */
  invalidate(key: InvalidationKey, options: InvalidationOptions): void
  /**
   * Has the command begin again with what `prepare` finds then, unless the pipeline locked all of these users (`locks`). To be called by what
   * takes something from whoever is in a set, once nobody can come into that any more: whoever came since `prepare` has no call that outlasts it.
   */
  requireLocked(users: readonly Id<'usr'>[]): void
  /** Fails the call but commits what was written, so that the attempt counts. */
  refuse(error: DenizenError): never
  /**
   * To be called between the steps of what takes long and is no batch of items: where somebody is suspended and would have to wait for this,
   * the command is begun again behind that.
   */
  giveWay(): Promise<void>
  /**
   * Runs one item of a batch in a savepoint: a failure undoes only that item, with its events and jobs.
   * @param index of the item in the batch, for plans
   */
  attempt<T>(work: () => Promise<T>, index?: number): Promise<{ ok: true; value: T } | { ok: false; error: DenizenError }>
  /**
   * Throws unless the action's `allowItem` allows an item of a batch.
   * @param type of the item in errors; null: it needs no target
   */
  checkItem(item: unknown, target: Target | null, type: string | null): void
}

export interface AuditFacts {
  readonly target?: { readonly type: string; readonly id: string }
  readonly organizationId?: Id<'org'> | null
  readonly changes?: Readonly<Record<string, unknown>>
  /** The target was only looked at, or too much was refused: of strangers, no entry is kept. */
  readonly looked?: true
}
