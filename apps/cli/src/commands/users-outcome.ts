import { json, print, printAnswer, record, table, type Format } from '../output.ts'

/** What became of many users, each by where it stood. */
export interface Outcome {
  /** What places count: lines of a file, items of an array, users as they were named. */
  readonly unit: 'line' | 'item' | 'user'
  readonly succeeded: { place: number; userId: string }[]
  readonly failed: FailedPlace[]
  /** Of an archival. */
  ended?: { sessionsEnded: number; tokensEnded: number }
}

export interface FailedPlace {
  readonly place: number
  /** How it was called there; null: not at all. */
  readonly who: string | null
  readonly code: string
  readonly message: string
}

/** More rows than anybody reads on a screen. */
const mostRows = 50

/** `done`: made, changed, archived. */
export function printOutcome(format: Format, outcome: Outcome, done: string): void {
  const { unit, ended = {} } = outcome
  const succeeded = outcome.succeeded.map(({ place, ...rest }) => ({ [unit]: place, ...rest }))
  const failed = outcome.failed.map(({ place, ...rest }) => ({ [unit]: place, ...rest }))
  if (format !== 'ndjson') return printAnswer(format, { succeeded, failed, ...ended }, () => outcomeText(outcome, done))
  for (const item of [...succeeded, ...failed]) print(json(item))
}

function outcomeText({ unit, succeeded, failed, ended }: Outcome, done: string): string {
  const sections = [
    `${succeeded.length} ${succeeded.length === 1 ? 'user' : 'users'} ${done}${failed.length === 0 ? '' : `, ${failed.length} not`}.`,
  ]
  if (ended !== undefined)
    sections.push(
      record([
        ['sessions ended', ended.sessionsEnded],
        ['tokens ended', ended.tokensEnded],
      ]),
    )
  if (failed.length > 0) {
    const rows = table(failed.slice(0, mostRows), [
      { title: unit === 'user' ? '#' : unit.toUpperCase(), value: ({ place }) => place },
      { title: 'WHO', value: ({ who }) => who },
      { title: 'WHY', value: ({ message }) => message },
      { title: 'CODE', value: ({ code }) => code },
    ])
    const more = failed.length > mostRows ? `\n… and ${failed.length - mostRows} more; --json tells of all of them.` : ''
    sections.push(`Not ${done}:\n${rows}${more}`)
  }
  return sections.join('\n\n')
}

/** How a record calls the user that it would make. */
export function whoIn(value: unknown): string | null {
  if (value === null || typeof value !== 'object') return null
  const { username, email } = value as Readonly<Record<string, unknown>>
  return typeof username === 'string' ? username : typeof email === 'string' ? email : null
}
