import { hadSuperadmin } from './access/index.ts'
import { LastSeen } from './accounts/activity/last-seen.ts'
import { bootstrap } from './accounts/bootstrap.ts'
import { actions } from './actions.ts'
import { callsOver, type Calls } from './calls/index.ts'
import { ensurePartitions } from './database/partitions.ts'
import { deliver, type Subscriber } from './events/index.ts'
import type { Actor, Origin, Principal, Settings } from './kernel/context.ts'
import { uuidBytes, encodeSuffix } from './kernel/id.ts'
import type { Job } from './kernel/event.ts'
import { jobHandlers } from './jobs.ts'
import type { CallReport, Monitor } from './kernel/monitor.ts'
import type { Plan } from './kernel/plan.ts'
import type { Assembly, Call, Orm } from './pipeline/assembly.ts'
import { forkOf } from './pipeline/assembly.ts'
import { plan, run } from './pipeline/run.ts'
import type { Ports } from './ports/index.ts'
import { Authenticator, PrincipalCache } from './sessions/index.ts'
import type { User } from './users/index.ts'

export interface CoreOptions {
  /** A connected MikroORM, made with `ormOptions()`, its migrations up to date. */
  readonly orm: Orm
  readonly ports: Ports
  readonly settings?: Partial<Settings>
  readonly monitors?: readonly Monitor[]
  /** Told of events after their commit; needs a `ports.jobs` with a worker that calls `core.deliver`. */
  readonly subscribers?: readonly Subscriber[]
}

/** Denizen in this process. */
export interface Core {
  /** Runs an action by name. Rejects with a DenizenError, and nothing else. */
  run(name: string, input: unknown, call: Call): Promise<unknown>
  /** What a command would do. */
  plan(name: string, input: unknown, call: Call): Promise<Plan>
  /**
   * Makes the first superadmin and gives it, or null: there is one, or was one.
   * Of many processes that ask at once, one makes it. The username gets an ending if it is taken.
   */
  bootstrap(account: { readonly username: string; readonly password: string }): Promise<User | null>
  /** Every action as a call, on behalf of somebody. */
  as(actor: Actor, origin?: Partial<Origin>): Calls
  /** The principal behind an access token; null: the token opens nothing. */
  authenticate(token: string): Promise<Principal | null>
  /** The same from memory, without waiting; undefined: ask `authenticate`. */
  authenticated(token: string): Principal | undefined
  /** Tells the monitors of a call that was answered without running it, from an answer kept with its principal. */
  observe(report: CallReport): void
  /** How the principal cache does. */
  cacheState(): { readonly entries: number; readonly live: boolean; readonly hits: number; readonly misses: number }
  /** Carries out a job named `events.deliver`. */
  deliver(payload: Job['payload']): Promise<void>
  /** Carries out a job that an action asked for: one of `jobHandlers`. May be called twice for one job. */
  work(name: string, payload: Job['payload']): Promise<void>
  /** Whether the database answers. */
  isReady(): Promise<boolean>
  /** Writes now when users were last seen. A core that was started does so by itself, some seconds after they were. */
  writeLastSeen(): Promise<void>
  /** Makes the partitions that are due, and begins to listen to other processes. */
  start(): Promise<void>
  stop(): Promise<void>
  readonly orm: Orm
  readonly ports: Ports
}

/** What an installation is like that decides nothing. */
export const defaultSettings: Settings = {
  defaultOrganization: null,
  publicUrl: 'http://127.0.0.1:4000',
  maxOwnedOrganizations: 10,
  restoreDays: 30,
  signUp: 'open',
  requireVerifiedEmail: false,
  requireFactor: 'nobody',
  maxSessions: null,
  sessionExcess: 'evictOldest',
  allowedOrigins: [],
  passwords: { minimumAlone: 15, minimumWithFactor: 8, history: 0, maximumAgeDays: null },
  identityProviders: [],
}

/** Puts Denizen together. The only assembly there is. */
export function createCore({ orm, ports, settings, monitors = [], subscribers = [] }: CoreOptions): Core {
  const principals = new PrincipalCache(ports.clock, ports.invalidation.soleProcess)
  const catalogue = new Map([...actions.values()].map(({ signature }) => [signature.name, signature.kind]))
  const installation = { ...defaultSettings, ...settings }
  const assembly: Assembly = {
    orm,
    ports,
    settings: installation,
    monitors,
    subscribers,
    actions,
    catalogue,
    principals,
  }
  const reader = () => forkOf(assembly)
  const lastSeen = new LastSeen({ reader, logger: ports.logger })
  const seen = lastSeen.note.bind(lastSeen)
  const authenticator = new Authenticator({
    cache: principals,
    clock: ports.clock,
    digest: ports.digest,
    principalParts: assembly,
    reader,
    seen,
  })
  return {
    orm,
    ports,
    run: (name, input, call) => run(assembly, name, input, call),
    plan: (name, input, call) => plan(assembly, name, input, call),
    bootstrap: (account) => bootstrapIn(assembly, account),
    as: (actor, origin) => callsAs(assembly, actor, origin ?? {}),
    authenticate: (token) => authenticator.authenticate(token),
    authenticated: (token) => authenticator.cached(token),
    observe: (report) => monitors.forEach((monitor) => monitor.observe(report)),
    cacheState: () => ({ entries: principals.size, live: principals.live, hits: authenticator.hits, misses: authenticator.misses }),
    deliver: (payload) => deliver(subscribers, payload),
    work: (name, payload) => workIn(assembly, name, payload),
    writeLastSeen: () => lastSeen.write(),
    isReady: async () => (await orm.checkConnection()).ok,
    async start() {
      await ensurePartitions(reader(), ports.clock.now())
      await ports.invalidation.open(principals)
      lastSeen.start()
    },
    stop: async () => void (await Promise.all([lastSeen.stop(), ports.invalidation.close()])),
  }
}

async function workIn(assembly: Assembly, name: string, payload: Job['payload']): Promise<void> {
  const handler = jobHandlers.find((known) => known.name === name)
  if (handler === undefined) throw new TypeError(`There is no job named ${name}.`)
  const { ports, settings } = assembly
  await handler.run({ now: ports.clock.now(), em: forkOf(assembly), ports, settings }, payload)
}

async function bootstrapIn(assembly: Assembly, account: { username: string; password: string }): Promise<User | null> {
  if (await hadSuperadmin(forkOf(assembly))) return null
  const { name } = bootstrap.signature
  const call: Call = { actor: systemActor('first start'), origin: { ip: null, userAgent: null, requestId: newRequestId(assembly.ports) } }
  const made = await run({ ...assembly, actions: new Map([[name, bootstrap]]) }, name, account, call)
  return made as User | null
}

function callsAs(assembly: Assembly, actor: Actor, origin: Partial<Origin>): Calls {
  const call = (): Call => ({ actor, origin: { ip: null, userAgent: null, requestId: newRequestId(assembly.ports), ...origin } })
  return callsOver({
    run: (name, input, options) => run(assembly, name, input, { ...call(), ...options }),
    plan: (name, input) => plan(assembly, name, input, call()),
  })
}

/** An id for a request that came with none: `req_` and 26 letters. */
export function newRequestId({ clock, random }: Pick<Ports, 'clock' | 'random'>): string {
  return `req_${encodeSuffix(uuidBytes(clock.now(), random.bytes(10)))}`
}

/** Whoever operates the machine. */
export function systemActor(reason: string): Actor {
  return { kind: 'system', reason }
}

/** A caller without a credential. */
export const anonymousActor: Actor = { kind: 'anonymous' }

/** The user behind a principal. */
export function userActor(principal: Principal): Actor {
  return { kind: 'user', principal }
}
