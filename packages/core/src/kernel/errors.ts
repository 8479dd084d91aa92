import type { DenizenErrorCode } from './error-codes.ts'

/**
 * The kind of a failure, from the caller's point of view. It decides the HTTP status (packages/api/src/errors.ts) and the exit code
 * of the CLI (apps/cli/src/failure.ts).
 */
export type ErrorKind =
  | 'invalid'
  | 'unauthenticated'
  | 'denied'
  | 'notFound'
  | 'conflict'
  | 'tooLarge'
  | 'limited'
  | 'unavailable'
  | 'internal'

/** Facts about a failure that a program may use. Never a secret, never a row. */
export type ErrorDetails = Readonly<Record<string, unknown>>

/** Marks errors of every copy of this module. */
const mark: unique symbol = Symbol.for('denizen.error')

/** What Node and Bun call to show a value that is printed (`util.inspect.custom`). */
const inspected = Symbol.for('nodejs.util.inspect.custom')

/** Code, message and details: who logs a refusal is not helped by our stack. What nobody expected is shown with stack and cause. */
function inspectError(this: DenizenError, _depth: number, options: object, inspect: (value: unknown, options: object) => string): string {
  const { name, code, kind, message, details, stack, cause } = this
  const told = Object.keys(details).length === 0 ? '' : ` ${inspect(details, options)}`
  if (kind !== 'internal') return `${name} [${code}]: ${message}${told}`
  return `[${code}] ${stack ?? message}${told}${cause === undefined ? '' : `\n  cause: ${inspect(cause, options)}`}`
}

/** A failure with a stable code (`users.emailTaken`). Anything else that is thrown is a bug. */
export class DenizenError extends Error {
  override readonly name = 'DenizenError'
  readonly code: DenizenErrorCode
  readonly kind: ErrorKind
  readonly details: ErrorDetails

  constructor(code: DenizenErrorCode, kind: ErrorKind, message: string, details: ErrorDetails = {}, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
    this.kind = kind
    this.details = details
    Object.defineProperty(this, mark, { value: true })
    Object.defineProperty(this, inspected, { value: inspectError })
  }

  /** The published client contains a copy of this class. An error of any copy is an instance of all of them. */
  static override [Symbol.hasInstance](value: unknown): value is DenizenError {
    return value instanceof Error && mark in value
  }
}

/** An error as defined in a feature's `errors.ts`: code, kind, and a function that makes it. */
export interface ErrorDefinition<Details extends ErrorDetails> {
  (details: Details, cause?: unknown): DenizenError
  readonly code: string
  readonly kind: ErrorKind
}

/**
 * Defines an error. The message may use the details; it tells a person what happened and what to do next.
 * Without the mark every error of a file that the client imports would be in the browser, used or not.
 */
// @__NO_SIDE_EFFECTS__
export function defineError<Details extends ErrorDetails = Record<never, never>>(
  code: string,
  kind: ErrorKind,
  message: string | ((details: Details) => string),
): ErrorDefinition<Details> {
  const make = (details: Details, cause?: unknown): DenizenError =>
    new DenizenError(code as DenizenErrorCode, kind, typeof message === 'string' ? message : message(details), details, cause)
  return Object.assign(make, { code, kind })
}

/** One problem of an input: where, and what is wrong. */
export interface InputIssue {
  readonly path: string
  readonly message: string
}

export const invalidInput = defineError<{ issues: readonly InputIssue[] }>('request.invalid', 'invalid', ({ issues }) => {
  const [first] = issues
  const more = issues.length > 1 ? ` (and ${issues.length - 1} more)` : ''
  return first === undefined ? 'The input is not valid.' : `${first.path === '' ? 'input' : first.path}: ${first.message}${more}`
})
export const unauthenticated = defineError('request.unauthenticated', 'unauthenticated', 'Sign in first: this call needs a valid session.')
export const denied = defineError<{ permission: string }>(
  'request.denied',
  'denied',
  ({ permission }) => `You may not do this: it needs the permission ${permission}.`,
)
export const stepRequired = defineError<{ steps: readonly string[] }>(
  'auth.stepRequired',
  'denied',
  ({ steps }) =>
    `This session still has to complete ${steps.join(' and ')}. Until then it may only do that, read users.current and sign out.`,
)
export const freshProofRequired = defineError(
  'auth.freshProofRequired',
  'denied',
  'This is a sensitive change. Confirm who you are with auth.reauthenticate, then try again.',
)
export const ownSessionRequired = defineError(
  'auth.ownSessionRequired',
  'denied',
  'This is a sensitive change. Only a session that the user signed in to may make it: no API token, and nobody who impersonates the user.',
)
export const outOfScope = defineError<{ permission: string }>(
  'auth.outOfScope',
  'denied',
  ({ permission }) => `The scopes of this token do not include ${permission}. Use a token that has it, or sign in.`,
)
export const outOfOrganization = defineError<{ permission: string }>(
  'auth.outOfOrganization',
  'denied',
  ({ permission }) =>
    `This credential is for one organization only, and ${permission} reaches beyond it: sign in, or use an API token without an organization.`,
)
export const addressNotAllowed = defineError(
  'auth.addressNotAllowed',
  'denied',
  'This account may be used only from its allowed addresses, and you call from another one. Call from an allowed address, or ask an administrator to change them.',
)
export const notFound = defineError<{ type: string }>('request.notFound', 'notFound', ({ type }) => `There is no such ${type}.`)
export const unknownAction = defineError<{ action: string }>(
  'request.unknownAction',
  'notFound',
  ({ action }) => `There is no action named ${action}.`,
)
export const versionConflict = defineError<{ expected: number; current: number }>(
  'request.versionConflict',
  'conflict',
  ({ expected, current }) => `Somebody changed this first: you read version ${expected}, it is now version ${current}. Read it again.`,
)
export const idempotencyConflict = defineError(
  'request.idempotencyConflict',
  'conflict',
  'This idempotency key was used before with another input. Use a new key.',
)
export const alreadyAnswered = defineError<{ answer: unknown }>(
  'request.alreadyAnswered',
  'conflict',
  'This command was carried out already. Its answer held a secret, which is shown only once; the rest of it is in the details.',
)
export const notPlannable = defineError<{ action: string }>(
  'request.notPlannable',
  'invalid',
  ({ action }) => `${action} cannot be planned, because a plan would be a way to guess secrets without being counted.`,
)
export const notRepeatable = defineError<{ action: string }>(
  'request.notRepeatable',
  'invalid',
  ({ action }) => `${action} takes no idempotency key, because it handles secrets that somebody may be guessing. Leave the key out.`,
)
export const onlyCommands = defineError<{ action: string; feature: string }>(
  'request.onlyCommands',
  'invalid',
  ({ action, feature }) => `${action} only reads, so it takes no ${feature}.`,
)
export const retriesExhausted = defineError(
  'request.retriesExhausted',
  'unavailable',
  'Too many callers are changing the same thing at once. Try again in a moment.',
)
/** `place` (host, port and database) and `reason` are for whoever starts Denizen there; callers are told neither. */
export const databaseUnavailable = defineError<{ place?: string; reason?: string }>(
  'request.databaseUnavailable',
  'unavailable',
  ({ place, reason }) =>
    place === undefined
      ? 'The database cannot be reached right now. Nothing was changed; try again in a moment.'
      : `PostgreSQL at ${place} cannot be reached: ${reason}. Nothing was changed. Start it, or correct the host and the port of the URL.`,
)
export const databaseBusy = defineError(
  'request.databaseBusy',
  'unavailable',
  'The database was too busy to answer in time. Nothing was changed; try again in a moment.',
)
export const databaseReadOnly = defineError(
  'request.databaseReadOnly',
  'unavailable',
  'The database takes no changes right now. Nothing was changed; try again when its operator has given it room, or switched over.',
)
export const sealedElsewhere = defineError(
  'request.sealedElsewhere',
  'unavailable',
  'This needs a secret that was sealed with another master key, so it cannot be checked here. Its operator has to start Denizen with that key.',
)
export const tooManyAtOnce = defineError<{ of: 'you' | 'this organization' | 'this server'; retryAfter: number }>(
  'request.tooManyAtOnce',
  'unavailable',
  ({ of, retryAfter }) =>
    `This takes long, and ${of === 'this server' ? 'this server does as much of it as it can' : `one such call ${of === 'you' ? 'of yours' : 'for this organization'} is under way`} already. Nothing was changed; try again in ${retryAfter} s.`,
)
export const stopping = defineError(
  'request.stopping',
  'unavailable',
  'This server is being stopped. Nothing was changed; try again in a moment.',
)
export const outcomeUnknown = defineError(
  'request.outcomeUnknown',
  'unavailable',
  'The connection to the database broke while this was being committed, so nobody knows whether it was done. Look first, or repeat the call with the same idempotency key.',
)
export const internal = defineError<{ requestId: string }>('request.internal', 'internal', 'Internal error.')
