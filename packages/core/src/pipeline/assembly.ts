import type { MikroORM } from '@mikro-orm/core'
import type { AbstractSqlDriver, SqlEntityManager } from '@mikro-orm/sql'
import type { DecisionCache } from '../access/index.ts'
import type { Catalogue } from '../kernel/signature.ts'
import type { Subscriber } from '../events/index.ts'
import { combinedSink } from '../invalidation/index.ts'
import type { Action } from '../kernel/action.ts'
import type { Actor } from '../kernel/actor.ts'
import type { Credentials } from '../kernel/credentials.ts'
import type { Origin } from '../kernel/origin.ts'
import type { Settings } from '../kernel/settings.ts'
import type { CorePorts, UseRecorder } from '../kernel/context.ts'
import type { Monitor } from '../kernel/monitor.ts'
import type { RequestRate } from '../policies/index.ts'
import type { FeedSink } from '../ports/invalidation.ts'
import type { PrincipalCache } from '../principals/index.ts'
import type { FewAtOnce } from './few-at-once.ts'
import type { Shares } from './shares.ts'

/** A connected database of Denizen, whatever its driver. */
export type Orm = MikroORM<AbstractSqlDriver>

/** Everything that calls run on. */
export interface Assembly {
  readonly orm: Orm
  readonly ports: CorePorts
  readonly settings: Settings
  readonly monitors: readonly Monitor[]
  readonly subscribers: readonly Subscriber[]
  readonly actions: ReadonlyMap<string, Action>
  readonly catalogue: Catalogue
  readonly principals: PrincipalCache
  readonly decisions: DecisionCache
  readonly rate: RequestRate
  readonly fewAtOnce: FewAtOnce
  readonly shares: Shares
  readonly credentials: Credentials
  readonly uses: UseRecorder
}

/** The circumstances of a call: actor, origin, idempotency key. */
export interface Call {
  readonly actor: Actor
  readonly origin: Origin
  readonly idempotencyKey?: string
  /** The answer of a query is sent at once: it may be a `SerializedAnswer` instead of a value. */
  readonly serialized?: boolean
}

/** A new entity manager: calls never share one. */
export function forkOf({ orm }: Pick<Assembly, 'orm'>): SqlEntityManager {
  return orm.em.fork() as SqlEntityManager
}

/** All caches that have to be invalidated. */
export function cachesOf({ principals, decisions }: Pick<Assembly, 'principals' | 'decisions'>): FeedSink {
  return combinedSink([principals, decisions])
}
