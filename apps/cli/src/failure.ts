import { DenizenError, type ErrorKind } from '@denizen/core/calls'
import { CommanderError } from 'commander'
import { nextStep } from './next-steps.ts'

/** What scripts may rely on. */
export const exitCodes = { ok: 0, failure: 1, usage: 2, notFound: 3, denied: 4, conflict: 5, partial: 6 } as const

const exitCodeOf: Readonly<Record<ErrorKind, number>> = {
  invalid: exitCodes.usage,
  tooLarge: exitCodes.usage,
  notFound: exitCodes.notFound,
  unauthenticated: exitCodes.denied,
  denied: exitCodes.denied,
  conflict: exitCodes.conflict,
  limited: exitCodes.failure,
  unavailable: exitCodes.failure,
  internal: exitCodes.failure,
}

/** An error as the command tells it. */
export interface Failure {
  readonly code: string
  readonly message: string
  /** What to do now; null: the message says it all. */
  readonly next: string | null
  readonly details: Readonly<Record<string, unknown>>
  readonly exitCode: number
}

/** The command line cannot be carried out as it is written. */
export function usageError(message: string, next?: string): DenizenError {
  return new DenizenError('cli.usage', 'invalid', message, next === undefined ? {} : { next })
}

/** Somebody changed their mind at a question. */
export function cancelled(): DenizenError {
  return new DenizenError('cli.cancelled', 'internal', 'Cancelled. Nothing was changed.')
}

/** The same error, saying what to do now. */
export function withNext(error: DenizenError, next: string): DenizenError {
  return new DenizenError(error.code, error.kind, error.message, { ...error.details, next }, error)
}

/** How the command ends with what was thrown; null: there is nothing to tell (help was asked for). `command`: `denizen users list`. */
export function failureOf(thrown: unknown, command: string): Failure | null {
  if (thrown instanceof CommanderError) return commanderFailure(thrown, command)
  if (!(thrown instanceof DenizenError)) return unexpected(thrown)
  const { next, ...details } = thrown.details
  const told = typeof next === 'string' ? next : nextStep(thrown, { url: undefined, option: '' })
  return { code: thrown.code, message: messageOf(thrown), next: told, details, exitCode: exitCodeOf[thrown.kind] }
}

function commanderFailure({ code, exitCode, message }: CommanderError, command: string): Failure | null {
  if (exitCode === 0) return null
  const text = code === 'commander.help' ? '' : message.replace(/^error: /, '').replace('\n', ' ')
  return { code: 'cli.usage', message: text, next: `See what it takes: ${command} --help`, details: {}, exitCode: exitCodes.usage }
}

function unexpected(thrown: unknown): Failure {
  const text = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown)
  const next = 'This is a bug in denizen. Please report it with the lines above.'
  return { code: 'cli.unexpected', message: text, next, details: {}, exitCode: exitCodes.failure }
}

/** An error message names the first field at fault; at the keyboard one wants all of them. */
function messageOf({ message, details }: DenizenError): string {
  const { issues } = details
  if (!Array.isArray(issues) || issues.length < 2 || message.includes('\n')) return message
  const lines = (issues as { path: string; message: string }[]).map(({ path, message }) => `  ${path === '' ? 'input' : path}: ${message}`)
  return `The input is not valid.\n${lines.join('\n')}`
}
