import { databaseBusy, databaseReadOnly, databaseUnavailable, DenizenError } from '../kernel/errors.ts'
import type { ErrorDefinition } from '../kernel/errors.ts'
import { databaseFull, databaseNotMigrated } from './errors.ts'

/** A failure of the database that is no bug and no fault of the caller: it passes, or an operator ends it. */
export interface Outage {
  /** SQLSTATE, or the code of Node's error (`ECONNREFUSED`). */
  readonly state: string
  readonly toError: (cause: unknown) => DenizenError
}

type Meaning = readonly [states: RegExp, error: ErrorDefinition<Record<never, never>>]

/**
 * What SQLSTATEs mean to a caller (https://www.postgresql.org/docs/current/errcodes-appendix.html), and the codes of Node's sockets,
 * name lookups and TLS. The first that fits counts.
 */
const meanings: readonly Meaning[] = [
  // Timeouts of statements and locks, too many connections: whatever was begun is rolled back.
  [/^(57014|55P03|53200|53300|25P03|25P04|57P05)$/, databaseBusy],
  [/^53100$/, databaseFull],
  [/^42P01$/, databaseNotMigrated],
  // A standby, a database that was set read-only, a limit of its configuration.
  [/^(25006|53400)$/, databaseReadOnly],
  // Connections and shutdowns; roles, passwords and databases that are not there (any more): a secret may be in the middle of a change.
  [/^(08|28|3D|53|57)[0-9A-Z]{3}$/, databaseUnavailable],
  [/^E(CONN|PIPE|TIMEDOUT|HOST|NET|AI_|PROTO)|^ENOTFOUND$|^ERR_(TLS|SSL|STREAM)|CERT|SELF_SIGNED/, databaseUnavailable],
]

/** Errors of the driver that have no code. */
const messages: readonly Meaning[] = [
  [/timeout exceeded when trying to connect/i, databaseBusy],
  [
    /connection (terminated|timeout|error)|is not queryable|pool after calling end|does not support SSL|PGlite is clos/i,
    databaseUnavailable,
  ],
]

const deepest = 6

/** The outage behind an error or one of its causes; null: it is none. */
export function outageOf(error: unknown, depth = 0): Outage | null {
  if (depth > deepest || error === null || typeof error !== 'object' || isOfAFeature(error)) return null
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  // pg-boss copies errors into plain objects.
  const message = 'message' in error && typeof error.message === 'string' ? error.message : ''
  const found = meanings.find(([states]) => states.test(code)) ?? messages.find(([texts]) => texts.test(message))
  if (found !== undefined) return { state: code === '' ? 'connection' : code, toError: (cause) => found[1]({}, cause) }
  const [first] = error instanceof AggregateError ? (error.errors as unknown[]) : []
  return outageOf('cause' in error ? error.cause : first, depth + 1)
}

/**
 * Whether a feature has said what failed, such as an identity provider. Its cause is then the socket of another server, with the same codes as one to
 * the database.
 */
function isOfAFeature(error: object): boolean {
  return error instanceof DenizenError && !error.code.startsWith('request.')
}
