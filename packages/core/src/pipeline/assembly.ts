import type { MikroORM } from '@mikro-orm/core'
import type { AbstractSqlDriver, SqlEntityManager } from '@mikro-orm/sql'
import type { DecisionMemory } from '../access/index.ts'
import type { Catalogue } from '../kernel/signature.ts'
import type { Subscriber } from '../events/index.ts'
import { sinkOf } from '../invalidation/index.ts'
import type { Action } from '../kernel/action.ts'
import type { Actor, Credentials, Origin, Settings, UseRecorder } from '../kernel/context.ts'
import type { Monitor } from '../kernel/monitor.ts'
import type { RequestRate } from '../policies/index.ts'
import type { FeedSink } from '../ports/invalidation.ts'
import type { Ports } from '../ports/index.ts'
import type { PrincipalCache } from '../principals/index.ts'

/** A connected database of Denizen, whatever its driver. */
export type Orm = MikroORM<AbstractSqlDriver>

/** The parts that every call runs on. */
export interface Assembly {
  readonly orm: Orm
  readonly ports: Ports
  readonly settings: Settings
  readonly monitors: readonly Monitor[]
  readonly subscribers: readonly Subscriber[]
  readonly actions: ReadonlyMap<string, Action>
  readonly catalogue: Catalogue
  readonly principals: PrincipalCache
  readonly decisions: DecisionMemory
  readonly rate: RequestRate
  readonly credentials: Credentials
  readonly uses: UseRecorder
}

/** Who calls, from where, and under which key. */
export interface Call {
  readonly actor: Actor
  readonly origin: Origin
  readonly idempotencyKey?: string
  /** A query's answer leaves this process at once: what comes back may be `Written` instead of a value. */
  readonly serialized?: boolean
}

/** A fresh entity manager: no two calls share one. */
export function forkOf({ orm }: Pick<Assembly, 'orm'>): SqlEntityManager {
  return orm.em.fork() as SqlEntityManager
}

/** All that is kept in memory and has to hear of changes. */
export function memoryOf({ principals, decisions }: Pick<Assembly, 'principals' | 'decisions'>): FeedSink {
  return sinkOf([principals, decisions])
}
