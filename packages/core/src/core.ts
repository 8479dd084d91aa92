import type { SqlEntityManager } from '@mikro-orm/sql'
import { DecisionCache, hadSuperadmin, PermissionUses } from './access/index.ts'
import { bootstrap } from './accounts/bootstrap.ts'
import { actions } from './actions.ts'
import { writeBehindBuffers } from './buffers.ts'
import { callsOver, type Calls } from './calls/index.ts'
import { toDomainError } from './database/conflict.ts'
import { createPartitions, queueDueRuns } from './jobs/index.ts'
import { deliver, foreignTransaction, type Subscriber } from './events/index.ts'
import { PermissionSets, SharedGrants } from './grants/index.ts'
import { ProviderKeys, ProviderMetadata, ProviderWarnings, receiveClerkWebhook, type SignedWebhook } from './identities/index.ts'
import type { Actor, Principal } from './kernel/actor.ts'
import { Caches, type Cache, type CacheState } from './kernel/caches.ts'
import { catalogueOf } from './kernel/catalogue.ts'
import type { Origin } from './kernel/origin.ts'
import { databaseUnavailable, DenizenError } from './kernel/errors.ts'
import { defaultSettings, type Settings } from './kernel/settings.ts'
import { uuidBytes, encodeSuffix } from './kernel/id.ts'
import type { Job } from './kernel/event.ts'
import { jobHandlers } from './job-handlers.ts'
import type { JsonObject } from './kernel/json.ts'
import type { Monitor } from './kernel/monitor.ts'
import type { Plan } from './kernel/plan.ts'
import { RowCache } from './kernel/row-cache.ts'
import type { Assembly, Call, Orm } from './pipeline/assembly.ts'
import { immediateQuery, type ImmediateQuery } from './pipeline/immediate.ts'
import { forkOf, cachesOf } from './pipeline/assembly.ts'
import { FewAtOnce } from './pipeline/few-at-once.ts'
import { Shares } from './pipeline/shares.ts'
import { answering, checkUse, mayUse, plan, run } from './pipeline/run.ts'
import { openingHasher, sealStoredKeys } from './passwords/index.ts'
import { RequestRate } from './policies/index.ts'
import type { Ports } from './ports/index.ts'
import type { SerializedAnswer } from './serialization/index.ts'
import { Authenticator, PrincipalCache } from './principals/index.ts'
import { createCredentials } from './tokens/credentials.ts'
import { KeyRing, receiptKeys, rotateKeys } from './tokens/index.ts'
import type { User } from './users/index.ts'

export interface CoreOptions {
  /** A connected MikroORM with `ormOptions()`, and all migrations run. */
  readonly orm: Orm
  readonly ports: Ports
  readonly settings?: Partial<Settings>
  /** How many the pool of `orm` has: commands of one caller take half of them at most. Default: no bound. */
  readonly connections?: number
  readonly monitors?: readonly Monitor[]
  /** Receive events after their commit; needs a `ports.jobs` whose worker calls `core.deliver`. */
  readonly subscribers?: readonly Subscriber[]
}

/** Denizen in this process. */
export interface Core {
  /** Runs an action by name. Rejects with a DenizenError only. */
  run(name: string, input: unknown, call: Call): Promise<unknown>
  /** Whether a caller holds the permission named like an action anywhere: only then `run` is given inputs of more than the usual size. */
  mayUse(name: string, call: Call): Promise<boolean>
  /** Rejects as `run` would if the caller may not do that whatever the input: for calls that are refused before their input is read. */
  checkUse(name: string, call: Call): Promise<void>
  /** The effects that a command would have. */
  plan(name: string, input: unknown, call: Call): Promise<Plan>
  /**
   * Creates the first superadmin; null: there is or was one already. Of concurrent processes one creates it. The username gets a suffix
   * if it is taken.
   * @param announce Called before it is created: whoever shows the password afterwards may be killed in between, and lose it.
   */
  bootstrap(account: { readonly username: string; readonly password: string }, announce?: () => void): Promise<User | null>
  /** Every action as a function, on behalf of an actor. */
  as(actor: Actor, origin?: Partial<Origin>): Calls
  /** The principal of an access token; null: the token is not valid. */
  authenticate(token: string): Promise<Principal | null>
  /** The principal from the cache, without waiting; undefined: use `authenticate`. */
  authenticated(token: string): Principal | undefined
  /**
   * Answers a query from memory, without waiting, with the same answer, checks, uses, metrics and rate limit as `run`. undefined: it never is.
   * @param write Makes what is sent of an answer; cached with answers that stay the same.
   */
  immediate<Sent extends string | object>(name: string, write: (answer: SerializedAnswer) => Sent): ImmediateQuery<Sent> | undefined
  /** How full each cache is, and whether the lease lasts: what was read from the database may be served. */
  cacheState(): { readonly live: boolean; readonly caches: readonly CacheState[] }
  /** What is kept in memory, also for faces: they add theirs. */
  readonly caches: Caches
  /** Carries out a job named `events.deliver`. */
  deliver(payload: Job['payload']): Promise<void>
  /** Carries out a job of an action: one of `jobHandlers`. It may be called twice for one job. */
  work(name: string, payload: Job['payload']): Promise<void>
  /**
   * Queues what has become due by the clock (`jobs.list`). Whoever works on a queue calls it at the start and then every now and then; of
   * several processes, one queues each run.
   */
  queueDueRuns(): Promise<void>
  /**
   * Processes a webhook of Clerk (see DENIZEN_IDENTITY_PROVIDERS). Rejects with `identities.webhookRefused` if its signature is not
   * valid.
   */
  receiveWebhook(webhook: SignedWebhook, origin: Origin): Promise<void>
  /** Why calls cannot be answered: the error that changes get from the database. null: they can. */
  unreadiness(): Promise<DenizenError | null>
  /** The public keys of signed tokens, present and next (JWK, RFC 7517). */
  publishedKeys(): Promise<readonly JsonObject[]>
  /** The public keys of all receipts of purges that were ever given (JWK, RFC 7517). */
  receiptKeys(): Promise<readonly JsonObject[]>
  /** Writes buffered times now (last seen, last used). After `start` that happens by itself within seconds. */
  writeLastSeen(): Promise<void>
  /** Creates partitions that are due, and starts listening for invalidations. */
  start(): Promise<void>
  stop(): Promise<void>
  readonly orm: Orm
  readonly ports: Ports
  readonly settings: Settings
}

/** Assembles Denizen. The only place where that happens. */
export function createCore(options: CoreOptions): Core {
  const { assembly, authenticator, keys, buffers } = partsOf(options)
  const { orm, settings, subscribers, principals } = assembly
  const { ports } = options
  const reader = () => forkOf(assembly)
  return {
    orm,
    ports,
    settings,
    run: (name, input, call) => run(assembly, name, input, call),
    mayUse: (name, call) => mayUse(assembly, name, call),
    checkUse: (name, call) => checkUse(assembly, name, call),
    plan: (name, input, call) => plan(assembly, name, input, call),
    bootstrap: (account, announce) => bootstrapIn(assembly, account, announce),
    as: (actor, origin) => callsAs(assembly, actor, origin ?? {}),
    authenticate: (token) => answering(assembly, 'authenticating a token', () => authenticator.authenticate(token)),
    authenticated: (token) => authenticator.cached(token),
    immediate: (name, write) => immediateQuery(assembly, name, write),
    cacheState: () => ({ live: principals.live, caches: assembly.ports.caches.states }),
    caches: assembly.ports.caches,
    deliver: (payload) => deliver(subscribers, payload),
    work: (name, payload) => workIn(assembly, name, payload),
    queueDueRuns: () => queueDueRuns(reader(), ports),
    receiveWebhook: (webhook, origin) => receiveIn(assembly, webhook, origin),
    publishedKeys: () => answering(assembly, 'reading the signing keys', () => keys.published()),
    receiptKeys: () => answering(assembly, 'reading the keys of receipts', () => receiptKeys(reader())),
    writeLastSeen: buffers.write,
    unreadiness: () => unreadinessOf(reader()),
    start: () =>
      named(async () => {
        await rotateKeys(reader(), ports) // refuses another master key, before anything is written
        await sealStoredKeys(reader(), ports.cipher)
        await createPartitions(reader(), ports.clock.now())
        await warnOfDump(reader(), ports)
        await ports.invalidation.open(cachesOf(assembly))
        buffers.start()
      }),
    stop: async () => void (await Promise.all([buffers.stop(), ports.invalidation.close()])),
  }
}

/** Says failures of the database in Denizen's words: a start on one without tables says that nothing was migrated. */
async function named(work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (thrown) {
    throw toDomainError(thrown)
  }
}

/** After `pg_dump` and a restore into a new cluster. */
async function warnOfDump(em: SqlEntityManager, { logger }: Ports): Promise<void> {
  const highest = await foreignTransaction(em)
  if (highest === null) return
  logger.error(
    'The events in this database come from a dump of another cluster, whose transaction ids were higher: until this one has caught up, the event feed ' +
      'does not show them. Stop PostgreSQL and raise its next transaction id above the highest (pg_resetwal --next-transaction-id, --epoch), or use a physical backup.',
    { highest },
  )
}

async function unreadinessOf(em: SqlEntityManager): Promise<DenizenError | null> {
  try {
    // Changes no row, and is refused where no row may be changed.
    await em.execute('update denizen_migrations set name = name where false', [], 'run')
    return null
  } catch (thrown) {
    const error = toDomainError(thrown)
    return error instanceof DenizenError ? error : databaseUnavailable({}, thrown)
  }
}

function partsOf({ orm, ports: given, settings: chosen, monitors = [], subscribers = [], connections = Infinity }: CoreOptions) {
  const ports = { ...given, hasher: openingHasher(given.hasher, given.cipher), caches: emptyCaches() }
  const principals = new PrincipalCache(ports.clock, ports.invalidation.soleProcess)
  const signatures = [...actions.values()].map(({ signature }) => signature)
  const catalogue = catalogueOf(signatures, ports.caches)
  const decisions = new DecisionCache({ clock: ports.clock, soleProcess: ports.invalidation.soleProcess, catalogue })
  const settings = { ...defaultSettings, ...chosen }
  const reader = () => forkOf({ orm })
  const buffers = writeBehindBuffers(reader, ports)
  const keys = new KeyRing(reader, ports)
  const authenticator = new Authenticator({
    cache: principals,
    clock: ports.clock,
    digest: ports.digest,
    keys,
    principalParts: { catalogue, settings },
    roles: decisions.roles,
    reader,
    seen: buffers.note,
  })
  const rate = new RequestRate({ clock: ports.clock, logger: ports.logger, reader, toDomainError: toDomainError })
  const uses = new PermissionUses(ports.clock, buffers.used)
  ports.caches.add(principals, ...decisions.caches, rate, uses, ...buffers.all)
  const shared = { actions, catalogue, settings, ports }
  const credentials = createCredentials({ ...shared, keys, introspect: (token) => authenticator.introspect(token) })
  const assembly: Assembly = {
    ...shared,
    orm,
    monitors,
    subscribers,
    principals,
    decisions,
    rate,
    fewAtOnce: new FewAtOnce(),
    shares: new Shares(connections),
    credentials,
    uses,
  }
  return { assembly, authenticator, keys, buffers }
}

/** The caches that are used with the ports and the catalogue, so that they are told of from the start. */
function emptyCaches(): Caches {
  const caches = new Caches()
  for (const kind of [RowCache, PermissionSets, SharedGrants, ProviderMetadata, ProviderKeys, ProviderWarnings]) caches.of<Cache>(kind)
  return caches
}

async function workIn(assembly: Assembly, name: string, payload: Job['payload']): Promise<void> {
  const handler = jobHandlers.find((known) => known.name === name)
  if (handler === undefined) throw new TypeError(`There is no job named ${name}.`)
  const { ports, settings, catalogue } = assembly
  const call = (action: string, input: unknown): Promise<unknown> =>
    run(assembly, action, input, {
      actor: systemActor(`job ${name}`),
      origin: { ip: null, userAgent: null, requestId: newRequestId(ports) },
    })
  await handler.run({ now: ports.clock.now(), em: forkOf(assembly), ports, settings, catalogue, call }, payload)
}

async function receiveIn(assembly: Assembly, { id, timestamp, signature, body }: SignedWebhook, origin: Origin): Promise<void> {
  const { name } = receiveClerkWebhook.signature
  const call: Call = { actor: systemActor('webhook of an identity provider'), origin }
  const only = { ...assembly, actions: new Map([[name, receiveClerkWebhook]]) }
  await run(only, name, { id, timestamp, signature, body }, call)
}

async function bootstrapIn(
  assembly: Assembly,
  account: { username: string; password: string },
  announce?: () => void,
): Promise<User | null> {
  if (await hadSuperadmin(forkOf(assembly))) return null
  announce?.()
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

/** A request id for a request without one: `req_` and 26 letters. */
export function newRequestId({ clock, random }: Pick<Ports, 'clock' | 'random'>): string {
  return `req_${encodeSuffix(uuidBytes(clock.now(), random.bytes(10)))}`
}

/** The actor for the operator of the machine. */
export function systemActor(reason: string): Actor {
  return { kind: 'system', reason }
}

/** The actor for a caller without a credential. */
export const anonymousActor: Actor = { kind: 'anonymous' }

/** The actor for a principal. */
export function userActor(principal: Principal): Actor {
  return { kind: 'user', principal }
}
