import { signatures, type Plan } from '@denizen/core/contract'
import type { Command } from 'commander'
import { runsActions, type LeafOptions } from '../action-command.ts'
import { chunked, exitCodeOfCreate, runInChunks } from '../batches.ts'
import type { Connection } from '../calls.ts'
import { addChangeOptions, addConnectionOptions, addOutputOptions, formatOf } from '../common-options.ts'
import { connected } from '../connection.ts'
import { readRecords, type RecordFile } from '../input-files.ts'
import { inLines, printAnswer } from '../output.ts'
import { sumOf } from '../plan.ts'
import { importedText, nothingYet, tellPlan, type Imported } from './users-import.ts'
import { whoIn } from './users-outcome.ts'

const signature = signatures.users.importRecords

/** Records in one call. */
const mostInCall = 1000

export function addImportRecords(users: Command): void {
  const command = runsActions(users.command('import-records').description(signature.summary), signature.name)
  command.argument('<file>', 'a JSON array of records, or one JSON object a line; - reads standard input')
  command.requiredOption('--source <name>', signature.input.shape.source.meta()?.description ?? '')
  addOutputOptions(addConnectionOptions(addChangeOptions(command)))
  command.addHelpText(
    'after',
    `
A record is an object with id, username, email, emailVerified, fullName, enabled, needPasswordChange and password, which is
{"system":"django","hash":"…"}; docs/moving-in.md has all systems. A repeated import leaves the users that it made before as they are.
Records, or lines, are counted from 1.

Exit code 6: some users were imported and some were not. A dry run ends as the import would.

Examples:
  $ denizen users import-records records.json --source shop --dry-run
  $ zcat records.ndjson.gz | denizen users import-records - --source shop --json > outcome.json`,
  )
  command.action(async (file: string) => {
    const options = command.opts<LeafOptions>()
    const read = await readRecords(file)
    await connected(options, (connection) => importRecords(connection, read, options))
  })
}

interface Entry {
  readonly place: number
  readonly value: unknown
}

async function importRecords({ calls }: Connection, { unit, records }: RecordFile, options: LeafOptions): Promise<void> {
  const inputOf = (part: readonly Entry[]) => ({ source: String(options['source']), users: part.map(({ value }) => value) })
  const parts = chunked<Entry>(
    records.flatMap((record) => (record.ok ? [{ place: record.place, value: record.value }] : [])),
    mostInCall,
  )
  const outcome = nothingYet([])
  for (const record of records)
    if (!record.ok) outcome.failed.push({ index: record.place - 1, username: '', code: record.code, message: record.problem })
  if (options.dryRun === true) {
    const plans: Plan[] = []
    for (const part of parts) {
      const plan = await calls.users.importRecords.plan(inputOf(part))
      plans.push(plan)
      add(outcome, signature.output.parse(plan.answer), part)
    }
    tellPlan(sumOf(plans.map((plan) => ({ start: 0, plan }))), outcome, told(outcome, unit), options)
  } else {
    const tell = () => printAnswer(formatOf(options), told(outcome, unit), () => importedText(inLines(outcome), 'was'))
    await runInChunks(parts, {
      doing: 'Importing users',
      key: options.idempotencyKey,
      again: 'Run it again: users that it has made already stay as they are.',
      tell,
      each: async (part, key) => add(outcome, await calls.users.importRecords(inputOf(part), key), part),
    })
    tell()
  }
  process.exitCode = exitCodeOfCreate(outcome.created + outcome.unchanged, outcome.failed)
}

type Answer = Awaited<ReturnType<Connection['calls']['users']['importRecords']>>

/** Turns positions in a call into positions in the file. */
function add(whole: Imported, answer: Answer, part: readonly Entry[]): void {
  const placed = <Item extends { index: number; username: string }>(items: readonly Item[]) =>
    items.map((item) => {
      const entry = part[item.index]
      return { ...item, index: (entry?.place ?? 1) - 1, username: item.username === '' ? (whoIn(entry?.value) ?? '') : item.username }
    })
  whole.created += answer.created
  whole.unchanged += answer.unchanged
  whole.users.push(...placed(answer.users))
  whole.failed.push(...placed(answer.failed))
  whole.warnings.push(...placed(answer.warnings))
  whole.failed.sort((one, other) => one.index - other.index)
}

/** For programs: places are lines or items of the file, from 1. */
function told({ created, unchanged, users, failed, warnings }: Imported, unit: RecordFile['unit']) {
  const placed = <Item extends { index: number }>(items: readonly Item[]) =>
    items.map(({ index, ...rest }) => ({ [unit]: index + 1, ...rest }))
  return { created, unchanged, users: placed(users), failed: placed(failed), warnings: placed(warnings) }
}
