import { DenizenError } from '@denizen/core/calls'
import { counted, largestBulk, largestPurge, signatures, type FailedItem, type Plan } from '@denizen/core/contract'
import { Option, type Command } from 'commander'
import { runsActions } from '../action-command.ts'
import type { Input, LeafOptions } from '../action-command.ts'
import { runInChunks, exitCodeOfUpdate, chunked } from '../batches.ts'
import type { Connection } from '../calls.ts'
import { connected } from '../connection.ts'
import { usageError } from '../failure.ts'
import { addFields, fieldsIn, fieldsOf, inputOf, parseJson } from '../input-options.ts'
import { readLines } from '../input-files.ts'
import { addChangeOptions, addConnectionOptions, addOutputOptions, denizen, formatOf, sentWith } from '../common-options.ts'
import { printPlan, sumOf, type BatchPlan, type NamedFailure } from '../plan.ts'
import { confirmed, placed } from '../prompts.ts'
import { withReauthentication } from '../reauthentication.ts'
import { scopeOf, type Scope } from '../references.ts'
import { userIdsOf } from '../user-ids.ts'
import { addBulkCreate } from './users-bulk-create.ts'
import { printOutcome, type FailedPlace, type Outcome } from './users-outcome.ts'

const { bulkUpdate, bulkArchive, bulkPurge } = signatures.users

type ByIds = { readonly userIds: string[] }
type Selection = (ByIds | { readonly filter: object }) & { readonly organizationId?: string }

interface Answer {
  readonly succeeded: readonly { readonly index: number; readonly userId: string; readonly receipt?: string; readonly salt?: string }[]
  readonly failed: readonly { readonly index: number; readonly code: string; readonly message: string }[]
  readonly sessionsEnded?: number
  readonly tokensEnded?: number
}

/** A change of many users at once. */
interface Change {
  readonly name: 'bulk-update' | 'bulk-archive' | 'bulk-purge'
  /** The most users of a call. Default: `largestBulk`. */
  readonly most?: number
  /** `Change`, `changed`, `Changing`. */
  readonly verbs: readonly [asked: string, done: string, doing: string]
  call(connection: Connection, chosen: Selection, options: { readonly idempotencyKey?: string }): Promise<Answer>
  plan(connection: Connection, chosen: Selection): Promise<Plan>
}

export function addBulk(users: Command): void {
  addBulkCreate(users)
  addBulkUpdate(users)
  addBulkArchive(users)
  addBulkPurge(users)
}

function addBulkUpdate(users: Command): void {
  const fields = fieldsIn(bulkUpdate.input.shape.patch)
  const command = runsActions(users.command('bulk-update').description(bulkUpdate.summary), bulkUpdate.name)
  addChoice(command)
  addFields(command, fields)
  finish(command, [
    'users bulk-update ada bob --timezone Europe/London',
    `users bulk-update --filter '{"email":{"contains":"@old.example"}}' --need-password-change --dry-run`,
  ])
  command.action(async (typed: string[]) => {
    const options = command.opts<LeafOptions>()
    const patch = await inputOf(fields, options)
    if (Object.keys(patch).length === 0)
      throw usageError('Name something to change.', `See the options: ${denizen} users bulk-update --help`)
    await change(typed, options, {
      name: 'bulk-update',
      verbs: ['Change', 'changed', 'Changing users'],
      call: ({ calls }, chosen, more) => calls.users.bulkUpdate({ ...chosen, patch }, more),
      plan: ({ calls }, chosen) => calls.users.bulkUpdate.plan({ ...chosen, patch }),
    })
  })
}

function addBulkArchive(users: Command): void {
  const fields = fieldsOf(bulkArchive).filter(({ name }) => name === 'reason')
  const command = runsActions(users.command('bulk-archive').description(bulkArchive.summary), bulkArchive.name)
  addChoice(command)
  addFields(command, fields)
  finish(command, [
    'users bulk-archive ada bob --reason "left the company"',
    `users bulk-archive --filter '{"lastSeenAt":{"until":"2024-01-01T00:00:00Z"}}' --dry-run`,
    'users search bot- --all --ndjson | denizen users bulk-archive - --yes',
  ])
  command.action(async (typed: string[]) => {
    const options = command.opts<LeafOptions>()
    const more = (await inputOf(fields, options)) as Input & { reason?: string }
    await change(typed, options, {
      name: 'bulk-archive',
      verbs: ['Archive', 'archived', 'Archiving users'],
      call: ({ calls }, chosen, key) => calls.users.bulkArchive({ ...chosen, ...more }, key),
      plan: ({ calls }, chosen) => calls.users.bulkArchive.plan({ ...chosen, ...more }),
    })
  })
}

function addBulkPurge(users: Command): void {
  const fields = fieldsOf(bulkPurge).filter(({ name }) => name === 'resources' || name === 'transferTo')
  const command = runsActions(users.command('bulk-purge').description(bulkPurge.summary), bulkPurge.name)
  addChoice(command, { inOrganization: false })
  addFields(command, fields)
  finish(
    command,
    ['users bulk-purge ada bob --dry-run', `users bulk-purge --filter '{"status":"archived"}' --resources delete`],
    largestPurge,
  )
  command.action(async (typed: string[]) => {
    const options = command.opts<LeafOptions>()
    const said = (await inputOf(fields, options)) as { resources?: 'transfer' | 'delete'; transferTo?: string }
    await change(typed, options, {
      name: 'bulk-purge',
      most: largestPurge,
      verbs: ['Purge, for good,', 'purged', 'Purging users'],
      call: async (connection, chosen, key) => {
        const input = { ...chosen, ...(await withOwner(connection, said)) }
        return withReauthentication(connection, () => connection.calls.users.bulkPurge(input, key))
      },
      plan: async (connection, chosen) => connection.calls.users.bulkPurge.plan({ ...chosen, ...(await withOwner(connection, said)) }),
    })
  })
}

/** The new owner can be named like a user everywhere. */
async function withOwner(connection: Connection, said: { resources?: 'transfer' | 'delete'; transferTo?: string }) {
  const { transferTo } = said
  if (transferTo === undefined) return said
  const [id] = await userIdsOf(await scopeOf(connection, undefined), [transferTo])
  if (id === undefined || id instanceof DenizenError) throw id ?? usageError('Name the new owner.')
  return { ...said, transferTo: id }
}

function addChoice(command: Command, { inOrganization = true } = {}): void {
  command.argument('[users...]', 'ids, email addresses or usernames; - reads them from standard input, one a line')
  command.addOption(new Option('--filter <json>', 'select users by conditions, as in users list --where, instead of naming them'))
  addFields(
    command,
    fieldsOf(bulkUpdate).filter(({ name }) => inOrganization && name === 'organizationId'),
  )
}

function finish(command: Command, examples: readonly string[], most = largestBulk): void {
  addOutputOptions(addConnectionOptions(addChangeOptions(command)))
  command.addHelpText(
    'after',
    `\nNamed users are sent in calls of ${most}, each a transaction of its own. Exit code 6: some were changed and some were not.\n\nExamples:\n${examples.map((line) => `  $ denizen ${line}`).join('\n')}`,
  )
}

async function change(typed: readonly string[], options: LeafOptions, work: Change): Promise<void> {
  const filter = filterOf(options['filter'])
  const names = typed.length === 1 && typed[0] === '-' ? (await readLines()).map((line) => nameIn(line)) : typed
  if ((names.length === 0) === (filter === null)) throw usageError('Either name users (<user>) or select them with --filter.')
  await connected(options, async (connection) => {
    const scope = await scopeOf(connection, options['org'])
    if (filter === null) return changeNamed(scope, [...new Set(names)], options, work)
    return changeFound(scope, filter, options, work)
  })
}

function filterOf(text: unknown): object | null {
  if (typeof text !== 'string') return null
  const filter = parseJson(text, '--filter')
  if (filter !== null && typeof filter === 'object' && !Array.isArray(filter)) return filter
  throw usageError('--filter has to be a JSON object.', `For example --filter '{"status":"inactive"}'`)
}

/** A name, or a user as `users list --ndjson` prints it. */
function nameIn(line: string): string {
  if (!line.startsWith('{')) return line
  const { id, user } = parseJson(line, 'A line of standard input') as { id?: unknown; user?: { id?: unknown } }
  const found = id ?? user?.id
  if (typeof found === 'string') return found
  throw usageError('A line of standard input is JSON without an id.', `Pipe in what "${denizen} users list --ndjson" prints, or names.`)
}

async function changeFound(scope: Scope, filter: object, options: LeafOptions, work: Change): Promise<void> {
  const { connection } = scope
  const chosen = { filter, ...within(scope) }
  if (options.dryRun === true) {
    const plan = await work.plan(connection, chosen)
    printPlan(formatOf(options), plan)
    const { updated = 0, deleted = 0 } = plan.rows['users'] ?? {}
    process.exitCode = exitCodeOfUpdate(updated + deleted, plan.failed)
    return
  }
  if (options.yes !== true) {
    const { count } = await connection.calls.users.count({ where: filter, ...within(scope) })
    await confirmed(placed(`${work.verbs[0]} ${counted(count, 'user')}?`, connection), options.yes)
  }
  const answer = await work.call(connection, chosen, sentWith(options))
  const outcome: Outcome = { unit: 'user', succeeded: [], failed: [] }
  add(outcome, answer, (index) => ({ place: index + 1, who: null }))
  tell(outcome, options, work)
}

async function changeNamed(scope: Scope, names: readonly string[], options: LeafOptions, work: Change): Promise<void> {
  const { connection } = scope
  const { found, missing } = await idsOf(scope, names)
  const parts = chunked(found, work.most ?? largestBulk)
  const chosen = (part: readonly Named[]) => ({ userIds: part.map(({ id }) => id), ...within(scope) })
  if (options.dryRun === true) {
    const plans: BatchPlan[] = []
    for (const part of parts) {
      const plan = await work.plan(connection, chosen(part))
      plans.push({ ...plan, failed: plan.failed.map((item) => inInput(item, part)) })
    }
    const notFound = missing.map(({ place, ...why }) => ({ index: place - 1, ...why }))
    const failed = [...plans.flatMap((plan) => plan.failed), ...notFound].toSorted((one, other) => one.index - other.index)
    printPlan(formatOf(options), { ...sumOf(plans.map((plan) => ({ start: 0, plan }))), failed })
    process.exitCode = exitCodeOfUpdate(names.length - failed.length, failed)
    return
  }
  const [first = ''] = names
  await confirmed(placed(`${work.verbs[0]} ${names.length === 1 ? first : `${names.length} users`}?`, connection), options.yes)
  const outcome: Outcome = { unit: 'user', succeeded: [], failed: [...missing] }
  await runInChunks(parts, {
    doing: work.verbs[2],
    key: options.idempotencyKey,
    again: 'Run it again: what was done before is skipped or reported.',
    tell: () => tell(outcome, options, work),
    async each(part, key) {
      add(outcome, await work.call(connection, chosen(part), key), (index) => ({
        place: part[index]?.place ?? 0,
        who: part[index]?.name ?? null,
      }))
    },
  })
  tell(outcome, options, work)
}

function within({ named }: Scope): { readonly organizationId?: string } {
  return named === null ? {} : { organizationId: named }
}

/** Called, and counted, as it was named. */
function inInput(item: FailedItem, part: readonly Named[]): NamedFailure {
  const named = part[item.index]
  return { ...item, index: (named?.place ?? 1) - 1, who: named?.name ?? null }
}

interface Named {
  readonly place: number
  readonly name: string
  readonly id: string
}

/** The ids of the users. Users who are not found are reported and do not stop the others. */
async function idsOf(scope: Scope, names: readonly string[]): Promise<{ found: Named[]; missing: FailedPlace[] }> {
  const found: Named[] = []
  const missing: FailedPlace[] = []
  const ids = await userIdsOf(scope, names)
  for (const [index, id] of ids.entries()) {
    const [place, name] = [index + 1, names[index] ?? '']
    if (id instanceof DenizenError) missing.push({ place, who: name, code: id.code, message: id.message })
    else found.push({ place, name, id })
  }
  return { found, missing }
}

function add(outcome: Outcome, answer: Answer, placeOf: (index: number) => { place: number; who: string | null }): void {
  outcome.succeeded.push(
    ...answer.succeeded.map(({ index, userId, receipt, salt }) => ({
      place: placeOf(index).place,
      userId,
      ...(receipt !== undefined && salt !== undefined && { receipt, salt }),
    })),
  )
  outcome.failed.push(...answer.failed.map(({ index, code, message }) => ({ ...placeOf(index), code, message })))
  outcome.failed.sort((one, other) => one.place - other.place)
  const { sessionsEnded, tokensEnded } = answer
  if (sessionsEnded === undefined || tokensEnded === undefined) return
  const ended = (outcome.ended ??= { sessionsEnded: 0, tokensEnded: 0 })
  ended.sessionsEnded += sessionsEnded
  ended.tokensEnded += tokensEnded
}

function tell(outcome: Outcome, options: LeafOptions, { verbs }: Change): void {
  printOutcome(formatOf(options), outcome, verbs[1])
  process.exitCode = exitCodeOfUpdate(outcome.succeeded.length, outcome.failed)
}
