import { counted } from '@denizen/core/contract'
import { inLines, json, print, printAnswer, record, type Format } from '../output.ts'
import { table } from '../table.ts'

/** The outcome for many users, each with its position. */
export interface Outcome {
  /** What positions count: lines of a file, items of an array, users in the order in which they were named. */
  readonly unit: 'line' | 'item' | 'user'
  /** The receipt and its salt: only of purges. */
  readonly succeeded: { place: number; userId: string; receipt?: string; salt?: string }[]
  readonly failed: FailedPlace[]
  /** Only of archiving. */
  ended?: { sessionsEnded: number; tokensEnded: number }
}

export interface FailedPlace {
  readonly place: number
  /** The name in the input; null: none. */
  readonly who: string | null
  readonly code: string
  readonly message: string
}

/** More rows than anybody reads on a screen. */
const mostRows = 50

/** `done`: created, changed, archived. */
export function printOutcome(format: Format, outcome: Outcome, done: string): void {
  const { unit, ended = {} } = outcome
  const succeeded = outcome.succeeded.map(({ place, ...rest }) => ({ [unit]: place, ...rest }))
  const failed = outcome.failed.map(({ place, ...rest }) => ({ [unit]: place, ...rest }))
  if (format !== 'ndjson') return printAnswer(format, { succeeded, failed, ...ended }, () => outcomeText(inLines(outcome), done))
  for (const item of [...succeeded, ...failed]) print(json(item))
}

function outcomeText({ unit, succeeded, failed, ended }: Outcome, done: string): string {
  const sections = [`${counted(succeeded.length, 'user')} ${done}${failed.length === 0 ? '' : `, ${failed.length} not`}.`]
  if (ended !== undefined)
    sections.push(
      record([
        ['sessions ended', ended.sessionsEnded],
        ['tokens ended', ended.tokensEnded],
      ]),
    )
  const withSalt = succeeded.filter(({ salt }) => salt !== undefined)
  if (withSalt.length > 0) {
    const salts = table(withSalt, [
      { title: 'USER', whole: true, value: ({ userId }) => userId },
      { title: 'SALT', whole: true, value: ({ salt }) => salt },
    ])
    sections.push(
      `${salts}\n\nThe salts show, with the ids, whose receipts they are, and are not told again. --json has the receipts; so has the audit log.`,
    )
  }
  if (failed.length > 0) {
    const rows = table(failed.slice(0, mostRows), [
      { title: unit === 'user' ? '#' : unit.toUpperCase(), value: ({ place }) => place },
      { title: 'WHO', whole: true, value: ({ who }) => who },
      { title: 'WHY', whole: true, kept: true, value: ({ message }) => message },
      { title: 'CODE', value: ({ code }) => code },
    ])
    const more = failed.length > mostRows ? `\n… and ${failed.length - mostRows} more; --json shows all of them.` : ''
    sections.push(`Not ${done}:\n${rows}${more}`)
  }
  return sections.join('\n\n')
}

/** The name of the user that a record describes. */
export function whoIn(value: unknown): string | null {
  if (value === null || typeof value !== 'object') return null
  const { username, email } = value as Readonly<Record<string, unknown>>
  return typeof username === 'string' ? username : typeof email === 'string' ? email : null
}
