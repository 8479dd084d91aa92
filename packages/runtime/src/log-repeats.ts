import { outageOf, type Logger } from '@denizen/core'
import { mailServerErrorIn } from './mail-server-error.ts'
import { rootOf } from './root-cause.ts'

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
 * While the database is away, every call, job and poll fails for the same reason; while the mail server is, every mail. Of each there is one line, without
 * a stack, and after a while another with how many there were in between.
 */
export function withoutRepeats(logger: Logger, now: () => number = () => performance.now()): Logger {
  const told = new Map<string, Told>()
  const write =
    (severity: 'warn' | 'error') =>
    (message: string, fields: Readonly<Record<string, unknown>> = {}): void => {
      const state = ofPool.test(message) ? 'connection' : stateOf(fields['error'])
      if (state === null) return logger[severity](message, fields)
      const cause = `${state} ${ofPool.test(message) ? 'pool' : message}`
      const before = told.get(cause)
      if (before !== undefined && now() - before.at < pause) return void before.repeated++
      told.delete(cause)
      if (told.size >= mostCauses) told.clear()
      told.set(cause, { at: now(), repeated: 0 })
      const { error, ...others } = fields
      const repeated = before === undefined || before.repeated === 0 ? {} : { repeated: before.repeated }
      logger[severity](message, { ...others, ...repeated, state, ...(error !== undefined && { cause: rootOf(error) }) })
    }
  return { debug: logger.debug.bind(logger), info: logger.info.bind(logger), warn: write('warn'), error: write('error') }
}

/** What is the same for all who meet it: the code of an outage of the database, or of the mail server. null: it is neither. */
function stateOf(error: unknown): string | null {
  return mailServerErrorIn(error)?.code ?? outageOf(error)?.state ?? null
}
