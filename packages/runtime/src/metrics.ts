import type { Core, Monitor } from '@denizen/core'
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'

/** Sources that are read when metrics are collected. */
export interface MetricSources {
  readonly caches?: Core['cacheState']
  readonly hashing?: () => { readonly running: number; readonly waiting: number }
  readonly invalidation?: () => { readonly connected: boolean; readonly losses: number }
}

export interface Metrics {
  /** Counts and times every action. For `createCore({ monitors })`. */
  readonly monitor: Monitor
  /** The `Content-Type` of `expose`. */
  readonly contentType: string
  /** All metrics in the Prometheus text format (https://prometheus.io/docs/instrumenting/exposition_formats/). */
  expose(): Promise<string>
}

/** Seconds. Answers from memory are well under a millisecond; sign-ins wait for a hash. */
const buckets = [0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

/**
 * Metrics of this process. Label values come from fixed lists (actions, outcomes, kinds of
 * actor), so callers cannot create new series.
 */
export function createMetrics(sources: MetricSources = {}): Metrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const registers = [registry]
  const duration = new Histogram({
    name: 'denizen_action_duration_seconds',
    help: 'Duration of actions, by name and outcome.',
    labelNames: ['action', 'outcome'],
    buckets,
    registers,
  })
  const calls = new Counter({
    name: 'denizen_actions_total',
    help: 'Actions by name, kind, outcome and kind of actor.',
    labelNames: ['action', 'kind', 'outcome', 'actor'],
    registers,
  })
  const failures = new Counter({
    name: 'denizen_database_failures_total',
    help: "Calls that the database failed, by SQLSTATE or the code of the connection's error.",
    labelNames: ['state'],
    registers,
  })
  addSources(registry, sources)
  return {
    monitor: {
      observe({ action, kind, outcome, actorKind, durationMs }) {
        duration.observe({ action, outcome }, durationMs / 1000)
        calls.inc({ action, kind, outcome, actor: actorKind })
      },
      databaseFailed: (state) => failures.inc({ state }),
    },
    contentType: registry.contentType,
    expose: () => registry.metrics(),
  }
}

function addSources(registry: Registry, { caches, hashing, invalidation }: MetricSources): void {
  if (caches !== undefined) {
    addGauge(registry, 'denizen_cache_live', '1 while the lease lasts: what was read from the database may be served.', () =>
      Number(caches().live),
    )
    for (const figure of ['entries', 'most', 'hits', 'misses'] as const) addCacheGauge(registry, figure, caches)
  }
  if (hashing !== undefined) {
    addGauge(registry, 'denizen_password_hashes_running', 'Passwords being hashed.', () => hashing().running)
    addGauge(registry, 'denizen_password_hashes_waiting', 'Passwords waiting for a thread.', () => hashing().waiting)
  }
  if (invalidation !== undefined) {
    addGauge(registry, 'denizen_invalidation_connected', '1 while invalidations of other processes are received.', () =>
      Number(invalidation().connected),
    )
    addGauge(
      registry,
      'denizen_invalidation_losses',
      'Lost connections of the invalidation feed, since the start.',
      () => invalidation().losses,
    )
  }
}

const cacheHelp = {
  entries: 'What each cache holds now.',
  most: 'What each cache holds at most.',
  hits: 'Answers from a cache, since the start.',
  misses: 'What a cache did not hold, since the start.',
}

function addCacheGauge(registry: Registry, figure: keyof typeof cacheHelp, caches: Core['cacheState']): void {
  new Gauge({
    name: `denizen_cache_${figure}`,
    help: cacheHelp[figure],
    labelNames: ['cache'],
    registers: [registry],
    collect() {
      for (const { name, [figure]: value } of caches().caches) if (value !== undefined) this.set({ cache: name }, value)
    },
  })
}

function addGauge(registry: Registry, name: string, help: string, read: () => number): void {
  new Gauge({
    name,
    help,
    registers: [registry],
    collect() {
      this.set(read())
    },
  })
}
