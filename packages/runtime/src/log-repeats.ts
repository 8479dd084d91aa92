import { outageOf, type Logger } from '@denizen/core'

/** Milliseconds between two lines about the same cause. */
const pause = 10_000
/** Causes are few; a bound in case they are not. */
const mostCauses = 200

interface Told {
  readonly at: number
  repeated: number
}

/** The ORM's pool writes of lost connections itself, without the error. */
const ofPool = /PostgreSQL (pool|connection) error/

/**
 * While the database is away, every call, job and poll fails for the same reason. Of each there is one line, without
 * a stack, and after a while another with how many there were in between.
 */
export function withoutRepeats(logger: Logger, now: () => number = () => performance.now()): Logger {
  const told = new Map<string, Told>()
  const write =
    (severity: 'warn' | 'error') =>
    (message: string, fields: Readonly<Record<string, unknown>> = {}): void => {
      const outage = ofPool.test(message) ? { state: 'connection' } : outageOf(fields['error'])
      if (outage === null) return logger[severity](message, fields)
      const cause = `${outage.state} ${ofPool.test(message) ? 'pool' : message}`
      const before = told.get(cause)
      if (before !== undefined && now() - before.at < pause) return void before.repeated++
      told.delete(cause)
      if (told.size >= mostCauses) told.clear()
      told.set(cause, { at: now(), repeated: 0 })
      const { error, ...others } = fields
      const repeated = before === undefined || before.repeated === 0 ? {} : { repeated: before.repeated }
      logger[severity](message, { ...others, ...repeated, state: outage.state, ...(error !== undefined && { cause: rootOf(error) }) })
    }
  return { debug: logger.debug.bind(logger), info: logger.info.bind(logger), warn: write('warn'), error: write('error') }
}

/** The message of the first cause; a refused connection may have several, and no text of its own. */
function rootOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return rootOf(error.errors[0])
  if (typeof error !== 'object' || error === null || !('message' in error)) return String(error)
  return 'cause' in error && error.cause instanceof Error ? rootOf(error.cause) : String(error.message)
}
