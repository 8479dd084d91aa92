import type { Actor } from './actor.ts'
import type { DenizenError, ErrorKind } from './errors.ts'
import type { ActionKind } from './signature.ts'

/** The outcome of one call. */
export interface CallReport {
  readonly action: string
  readonly kind: ActionKind
  readonly actorKind: Actor['kind']
  readonly outcome: 'ok' | ErrorKind
  /** Milliseconds from the call to its answer. */
  readonly durationMs: number
  readonly requestId: string
  /** The error that the caller got. */
  readonly error?: DenizenError
  /** What was thrown, if it was not an error for callers. */
  readonly fault?: unknown
}

/** Observes every call: tracing, metrics and slow-action logs are monitors. Must not throw; nobody waits for it. */
export interface Monitor {
  observe(report: CallReport): void
  /** The database failed a call, or a question before it (whose token is that?). `state`: SQLSTATE, or the code of the connection's error. */
  databaseFailed?(state: string): void
}
