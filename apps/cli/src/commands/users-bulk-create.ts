import { largestBulk, signatures, type Plan } from '@denizen/core/contract'
import type { Command } from 'commander'
import { runsActions } from '../action-command.ts'
import type { LeafOptions } from '../action-command.ts'
import { runInChunks, exitCodeOfCreate, chunked } from '../batches.ts'
import type { Connection } from '../calls.ts'
import { connected } from '../connection.ts'
import { addFields, fieldsOf } from '../input-options.ts'
import { readRecords, type RecordFile } from '../input-files.ts'
import { addChangeOptions, addConnectionOptions, addOutputOptions, formatOf } from '../common-options.ts'
import { printPlan, sumOf, type BatchPlan } from '../plan.ts'
import { scopeOf } from '../references.ts'
import { printOutcome, whoIn, type FailedPlace, type Outcome } from './users-outcome.ts'

const signature = signatures.users.bulkCreate

/** A user in the file, with its position. */
interface Entry {
  readonly place: number
  readonly value: unknown
}

export function addBulkCreate(users: Command): void {
  const command = runsActions(users.command('bulk-create').description(signature.summary), signature.name)
  command.argument('<file>', 'a JSON array of users, or one JSON object a line; - reads standard input')
  addFields(
    command,
    fieldsOf(signature).filter(({ name }) => name === 'organizationId'),
  )
  addOutputOptions(addConnectionOptions(addChangeOptions(command)))
  command.addHelpText(
    'after',
    `
Each user is an object as "denizen call users.create" takes it. They are sent in calls of ${largestBulk}, each a transaction of
its own; a dry run plans each call by itself. Exit code 6: some were created and some were not; a dry run ends as the run would.

Examples:
  $ denizen users bulk-create users.ndjson --dry-run
  $ denizen users bulk-create users.json --org acme --idempotency-key first-import
  $ zcat users.ndjson.gz | denizen users bulk-create - --json > outcome.json`,
  )
  command.action(async (file: string) => {
    const options = command.opts<LeafOptions>()
    const read = await readRecords(file)
    await connected(options, (connection) => create(connection, read, options))
  })
}

async function create(connection: Connection, { unit, records }: RecordFile, options: LeafOptions): Promise<void> {
  const { calls } = connection
  const { named } = await scopeOf(connection, options['org'])
  const inputOf = (entries: readonly Entry[]) => ({
    ...(named !== null && { organizationId: named }),
    users: entries.map(({ value }) => value) as never[], // the server says what is wrong with each
  })
  const parts = chunked<Entry>(
    records.flatMap((record) => (record.ok ? [{ place: record.place, value: record.value }] : [])),
    largestBulk,
  )
  const unreadable = records.flatMap((record) =>
    record.ok ? [] : [{ place: record.place, who: null, code: record.code, message: record.problem }],
  )
  if (options.dryRun === true) {
    const plans: BatchPlan[] = []
    for (const part of parts) plans.push(inFile(await calls.users.bulkCreate.plan(inputOf(part)), part))
    return tellPlan(planOf(plans, unreadable), records.length, options)
  }
  const outcome: Outcome = { unit, succeeded: [], failed: [...unreadable] }
  const tell = () => printOutcome(formatOf(options), outcome, 'created')
  await runInChunks(parts, {
    doing: 'Creating users',
    key: options.idempotencyKey,
    again: 'Run it again: users that exist already are reported and left as they are.',
    tell,
    async each(part, key) {
      const { succeeded, failed } = await calls.users.bulkCreate(inputOf(part), key)
      outcome.succeeded.push(...succeeded.map(({ index, userId }) => ({ place: part[index]?.place ?? 0, userId })))
      for (const { index, code, message } of failed) {
        const entry = part[index]
        outcome.failed.push({ place: entry?.place ?? 0, who: whoIn(entry?.value), code, message })
      }
    },
  })
  outcome.failed.sort((one, other) => one.place - other.place)
  tell()
  process.exitCode = exitCodeOfCreate(outcome.succeeded.length, outcome.failed)
}

/** Ends as the run would. */
function tellPlan(plan: BatchPlan, records: number, options: LeafOptions): void {
  printPlan(formatOf(options), plan)
  process.exitCode = exitCodeOfCreate(records - plan.failed.length, plan.failed)
}

/** Turns positions in a call into positions in the file, and says who it is. */
function inFile(plan: Plan, part: readonly Entry[]): BatchPlan {
  const named = plan.failed.map((item) => {
    const entry = part[item.index]
    return { ...item, index: (entry?.place ?? 1) - 1, who: whoIn(entry?.value) }
  })
  return { ...plan, failed: named }
}

function planOf(plans: readonly BatchPlan[], unreadable: readonly FailedPlace[]): BatchPlan {
  const failed = [...plans.flatMap((plan) => plan.failed), ...unreadable.map(({ place, ...why }) => ({ index: place - 1, ...why }))]
  return { ...sumOf(plans.map((plan) => ({ start: 0, plan }))), failed: failed.toSorted((one, other) => one.index - other.index) }
}
