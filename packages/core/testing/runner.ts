import { defaultSettings, type Actor, type Monitor, type Orm, type Plan, type Ports } from '@denizen/core'
import { DecisionCache } from '../src/access/index.ts'
import { actions } from '../src/actions.ts'
import { toDomainError } from '../src/database/conflict.ts'
import type { Action } from '../src/kernel/action.ts'
import { Caches } from '../src/kernel/caches.ts'
import { catalogueOf } from '../src/kernel/catalogue.ts'
import { unrecordedUses } from '../src/kernel/context.ts'
import { RequestRate } from '../src/policies/index.ts'
import type { Assembly } from '../src/pipeline/assembly.ts'
import { FewAtOnce } from '../src/pipeline/few-at-once.ts'
import { Shares } from '../src/pipeline/shares.ts'
import { plan, run } from '../src/pipeline/run.ts'
import { PrincipalCache } from '../src/principals/index.ts'
import { createCredentials } from '../src/tokens/credentials.ts'
import { KeyRing } from '../src/tokens/index.ts'
import type { SqlEntityManager } from '@mikro-orm/sql'

/** The pipeline of a world with actions of a test's own. */
export interface Runner {
  run(name: string, input: unknown, actor: Actor, options?: { idempotencyKey?: string; requestId?: string }): Promise<unknown>
  plan(name: string, input: unknown, actor: Actor): Promise<Plan>
}

/** The real pipeline on the world's database and ports, with more actions than the product has. */
export function runnerOf(
  { orm, ports: given }: { orm: Orm; ports: Ports },
  more: readonly Action[],
  monitors: readonly Monitor[] = [],
): Runner {
  const all = new Map([...actions.values(), ...more].map((action) => [action.signature.name, action]))
  const ports = { ...given, caches: new Caches() }
  const catalogue = catalogueOf(
    [...all.values()].map(({ signature }) => signature),
    ports.caches,
  )
  const keys = new KeyRing(() => orm.em.fork() as SqlEntityManager, ports)
  const parts = { actions: all, catalogue, settings: defaultSettings, ports, keys }
  const assembly: Assembly = {
    orm,
    ports,
    settings: defaultSettings,
    monitors,
    subscribers: [],
    actions: all,
    catalogue,
    credentials: createCredentials({ ...parts, introspect: async () => null }),
    principals: new PrincipalCache(ports.clock, true),
    decisions: new DecisionCache({ clock: ports.clock, soleProcess: true, catalogue }),
    fewAtOnce: new FewAtOnce(),
    shares: new Shares(Infinity),
    rate: new RequestRate({
      clock: ports.clock,
      logger: ports.logger,
      reader: () => orm.em.fork() as SqlEntityManager,
      toDomainError: toDomainError,
    }),
    uses: unrecordedUses,
  }
  const call = (actor: Actor, requestId = 'req_test') => ({ actor, origin: { requestId, ip: null, userAgent: null } })
  return {
    run: (name, input, actor, { requestId, ...key } = {}) => run(assembly, name, input, { ...call(actor, requestId), ...key }),
    plan: (name, input, actor) => plan(assembly, name, input, call(actor)),
  }
}
