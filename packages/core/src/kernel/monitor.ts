import type { Actor } from './context.ts'
import type { DenizenError, ErrorKind } from './errors.ts'
import type { ActionKind } from './signature.ts'

/** How one call went. */
export interface CallReport {
  readonly action: string
  readonly kind: ActionKind
  readonly actorKind: Actor['kind']
  readonly outcome: 'ok' | ErrorKind
  /** Milliseconds from the call to its answer. */
  readonly durationMs: number
  readonly requestId: string
  /** What the caller was told, when the call failed. */
  readonly error?: DenizenError
  /** What was thrown, when it was nothing a caller should understand. */
  readonly fault?: unknown
}

/** Watches every call: tracing, metrics and slow-action logs are monitors. Must not throw, and is not waited for. */
export interface Monitor {
  observe(report: CallReport): void
}
