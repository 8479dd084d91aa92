import { DenizenError, type ErrorKind } from '@denizen/core/calls'
import { CommanderError } from 'commander'
import { detailsOf } from './error-details.ts'
import { nextStep } from './next-steps.ts'
import { json, labelled } from './output.ts'

/** The exit codes of the command; scripts may rely on them. */
export const exitCodes = { ok: 0, failure: 1, usage: 2, notFound: 3, denied: 4, conflict: 5, partial: 6, cancelled: 130 } as const

/** A newer server may have kinds that are not known here. */
const exitCodeOf: ReadonlyMap<string, number> = new Map(
  Object.entries({
    invalid: exitCodes.usage,
    tooLarge: exitCodes.usage,
    notFound: exitCodes.notFound,
    unauthenticated: exitCodes.denied,
    denied: exitCodes.denied,
    conflict: exitCodes.conflict,
    limited: exitCodes.failure,
    unavailable: exitCodes.failure,
    internal: exitCodes.failure,
  } satisfies Record<ErrorKind, number>),
)

/** An error as the command prints it. */
export interface Failure {
  readonly code: string
  readonly message: string
  /** What to do now; null: nothing more than the message says. */
  readonly next: string | null
  readonly details: Readonly<Record<string, unknown>>
  readonly exitCode: number
}

/** The error for a command line that is wrong: `cli.usage`. */
export function usageError(message: string, next?: string): DenizenError {
  return new DenizenError('cli.usage', 'invalid', message, next === undefined ? {} : { next })
}

/** The user cancelled at a prompt. */
export function cancelled(): DenizenError {
  return new DenizenError('cli.cancelled', 'internal', 'Cancelled. Nothing was changed.')
}

/** The same error with a next step. */
export function withNext(error: DenizenError, next: string): DenizenError {
  return new DenizenError(error.code, error.kind, error.message, { ...error.details, next }, error)
}

/** What was probably meant by an unknown command or option; null: nobody can say. */
type Meant = (what: 'command' | 'option') => string | null

/** The failure for anything that was thrown; null: none (help was asked for). `command`: `denizen users list`. */
export function failureOf(thrown: unknown, command: string, meant: Meant = () => null): Failure | null {
  if (thrown instanceof CommanderError) return commanderFailure(thrown, command, meant)
  if (!(thrown instanceof DenizenError)) return unexpected(thrown)
  const { next, ...details } = thrown.details
  const step = typeof next === 'string' ? next : nextStep(thrown, { url: undefined, option: '', typed: {} })
  const told = step ?? (thrown.code === 'request.invalid' ? `See the options: ${command} --help` : null)
  const exitCode = thrown.code === 'cli.cancelled' ? exitCodes.cancelled : (exitCodeOf.get(thrown.kind) ?? exitCodes.failure)
  return { code: thrown.code, message: messageOf(thrown), next: told, details, exitCode }
}

function commanderFailure({ code, exitCode, message }: CommanderError, command: string, meant: Meant): Failure | null {
  if (exitCode === 0) return null
  const said = code === 'commander.help' ? '' : plain(message.replace(/^error: /, '').replace('\n', ' '))
  const proposed = code === 'commander.unknownCommand' ? meant('command') : code === 'commander.unknownOption' ? meant('option') : null
  const text = proposed === null ? said : `${said} (Did you mean ${proposed}?)`
  return { code: 'cli.usage', message: text, next: `See the options: ${command} --help`, details: {}, exitCode: exitCodes.usage }
}

/** commander's message for a value that is none of the choices, as the others are worded. */
function plain(message: string): string {
  return message
    .replace(/^command-argument value '(.*)' is invalid for argument '(.*)'\. Allowed choices are (.*)\.$/, '<$2>: "$1" is none of $3.')
    .replace(/^option '(?:-\w, )?(--[\w-]+)[^']*' argument '(.*)' is invalid\. Allowed choices are (.*)\.$/, '$1: "$2" is none of $3.')
}

function unexpected(thrown: unknown): Failure {
  // An action that somebody is writing is not whole yet: the message says what is missing.
  if (thrown instanceof Error && thrown.name === 'RegistryError')
    return { code: 'cli.unexpected', message: `${thrown.message}.`, next: null, details: {}, exitCode: exitCodes.failure }
  const text = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown)
  const next = 'This is a bug in denizen. Please report it with the lines above.'
  return { code: 'cli.unexpected', message: text, next, details: {}, exitCode: exitCodes.failure }
}

/** An error message names only the first wrong field; on the command line all of them are listed. */
function messageOf(error: DenizenError): string {
  const { message } = error
  const { issues } = detailsOf(error)
  if (issues.length < 2 || message.includes('\n')) return message
  const lines = issues.map(({ path, message }) => `  ${path === '' ? 'input' : path}: ${message}`)
  return `The input is not valid.\n${lines.join('\n')}`
}

/** Prints a failure on standard error: message, code, and what to do now. */
export function printFailure(failure: Failure, asJson: boolean): void {
  const { code, message, next, details } = failure
  if (asJson) return void process.stderr.write(`${json({ error: { code, message, next, details } })}\n`)
  if (message === '') return
  labelled('error', `${message}${code === 'cli.usage' ? '' : ` (${code})`}`)
  for (const step of next?.split('\n') ?? []) labelled('next', step)
}
