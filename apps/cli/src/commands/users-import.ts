import { shellWord, counted, largestImport, signatures, type KeycloakRealm, type OutputOf, type Plan } from '@denizen/core/contract'
import { Option, type Command } from 'commander'
import { runsActions } from '../action-command.ts'
import type { LeafOptions } from '../action-command.ts'
import { runInChunks, exitCodeOfCreate, chunked } from '../batches.ts'
import type { Connection } from '../calls.ts'
import { connected } from '../connection.ts'
import { addChangeOptions, addConnectionOptions, addOutputOptions, denizen, formatOf } from '../common-options.ts'
import { inLines, printAnswer } from '../output.ts'
import { table, type Column } from '../table.ts'
import { planText, sumOf } from '../plan.ts'
import { readRealm, type RealmExport } from '../realm-files.ts'
import { withFields } from '../words.ts'

export type Imported = OutputOf<typeof signatures.users.import>

export function addImport(users: Command): void {
  const { summary, input } = signatures.users.import
  const command = runsActions(users.command('import'), 'users.import')
    .description(summary)
    .argument('<file>', 'the export, a JSON file or a directory of them; - reads standard input')
  command.addOption(new Option('--format <format>', 'what the file is').choices(input.shape.format.options).default('keycloak'))
  command.option('--create-roles', input.shape.createRoles.meta()?.description ?? '')
  addOutputOptions(addConnectionOptions(addChangeOptions(command)))
  command.addHelpText(
    'after',
    `
A repeated import leaves the users that it made before as they are, but with --create-roles gives them the roles that it had left
out. What the file has and Denizen does not take over is listed at the end.

Exit code 6: some users were imported and some were not; 0 also if all of them existed already. A dry run ends as the import would.

Examples:
  $ denizen users import realm-export.json --create-roles --dry-run
  $ denizen users import export-directory/ --create-roles`,
  )
  command.action(async (file: string) => {
    const realm = await readRealm(file)
    await connected(command.opts<LeafOptions>(), (connection) => importParts(connection, realm, command))
  })
}

async function importParts({ calls }: Connection, { realm: whole, lost }: RealmExport, command: Command): Promise<void> {
  const options = command.opts<LeafOptions>()
  const { users, ...realm } = whole
  const inputOf = (part: KeycloakRealm['users']) => ({
    format: 'keycloak' as const,
    realm: { ...realm, users: part },
    createRoles: options['createRoles'] === true,
  })
  const parts = users.length === 0 ? [[]] : chunked(users, largestImport) // it may hold only roles
  const outcome: Imported = nothingYet(lost)
  let done = 0
  if (options.dryRun === true) {
    const plans: { start: number; plan: Plan }[] = []
    for (const part of parts) {
      const plan = await calls.users.import.plan(inputOf(part))
      plans.push({ start: done, plan })
      if (plan.answer !== undefined) add(outcome, withOptions(command, signatures.users.import.output.parse(plan.answer)), done)
      done += part.length
    }
    tellPlan(sumOf(plans), outcome, outcome, options)
  } else {
    const tell = () => printAnswer(formatOf(options), outcome, (shown) => importedText(shown, 'was'))
    await runInChunks(parts, {
      doing: 'Importing users',
      key: options.idempotencyKey,
      again: 'Run it again: users that it has made already stay as they are.',
      tell,
      async each(part, key) {
        add(outcome, withOptions(command, await calls.users.import(inputOf(part), key)), done)
        done += part.length
      },
    })
    tell()
  }
  const there = outcome.completed + outcome.unchanged
  process.exitCode = exitCodeOfCreate(outcome.created + there, outcome.failed)
}

/** A plan, and the outcome that it comes with: for people with names, and as programs get it. */
export function tellPlan(plan: Plan, outcome: Imported, { failed, ...answer }: { readonly failed: unknown }, options: LeafOptions): void {
  printAnswer(formatOf(options), { ...plan, failed, answer }, (shown) =>
    [planText({ ...shown, failed: [] }), importedText(inLines(outcome), 'would be')].join('\n\n'),
  )
}

export function nothingYet(lost: RealmExport['lost']): Imported {
  return { created: 0, completed: 0, unchanged: 0, users: [], rolesCreated: [], rolesFailed: [], failed: [], warnings: [], lost: [...lost] }
}

/** What it says of a user may name an option. */
function withOptions(command: Command, part: Imported): Imported {
  return { ...part, warnings: part.warnings.map((warning) => ({ ...warning, message: withFields(command, warning.message) })) }
}

/** Turns positions in a chunk into positions in the file. Every chunk has all roles; what is lost was counted in the file. */
function add(whole: Imported, part: Imported, start: number): void {
  const placed = <Item extends { index: number }>(items: readonly Item[]) => items.map((item) => ({ ...item, index: item.index + start }))
  whole.created += part.created
  whole.completed += part.completed
  whole.unchanged += part.unchanged
  whole.users.push(...placed(part.users))
  whole.rolesCreated = [...new Set([...whole.rolesCreated, ...part.rolesCreated])]
  whole.rolesFailed = part.rolesFailed
  whole.failed.push(...placed(part.failed))
  whole.warnings.push(...placed(part.warnings))
}

export function importedText(imported: Imported, verb: 'was' | 'would be'): string {
  const { created, completed, unchanged, rolesCreated, rolesFailed, failed, warnings, lost } = imported
  const be = (count: number) => (verb === 'would be' ? 'would be' : count === 1 ? 'was' : 'were')
  const more = [
    ...(completed > 0 ? [`${completed} ${be(completed)} there already and got the roles that were missing`] : []),
    ...(unchanged > 0
      ? [`${unchanged} ${be(unchanged)} there already and ${unchanged === 1 ? 'stays as it is' : 'stay as they are'}`]
      : []),
    ...(failed.length > 0 ? [`${failed.length} not`] : []),
  ]
  const users = counted(created, 'user')
  const sections = [[`${users} ${verb === 'was' ? 'created' : 'would be created'}`, ...more].join(', ') + '.']
  if (rolesCreated.length > 0)
    sections.push(
      `Roles ${verb === 'was' ? 'created' : 'that would be created'}: ${rolesCreated.join(', ')}\nThey grant nothing until you say what: ${denizen} roles grant-permission ${shellWord(rolesCreated[0] ?? '')} …`,
    )
  if (failed.length > 0) sections.push(`Not created:\n${table(failed, failureColumns)}`)
  if (rolesFailed.length > 0) sections.push(`Roles not created:\n${table(rolesFailed, roleColumns)}`)
  if (warnings.length > 0) sections.push(`With warnings:\n${table(warnings, warningColumns)}`)
  if (lost.length > 0) sections.push(`The file also has what is not taken over:\n${table(lost, lostColumns)}`)
  return sections.join('\n\n')
}

const place: readonly Column<{ index: number; username: string }>[] = [
  { title: '#', value: ({ index }) => index + 1 },
  { title: 'USERNAME', whole: true, value: ({ username }) => username },
]

const failureColumns: readonly Column<Imported['failed'][number]>[] = [
  ...place,
  { title: 'WHY', whole: true, kept: true, value: ({ message }) => message },
  { title: 'CODE', value: ({ code }) => code },
]
const warningColumns: readonly Column<Imported['warnings'][number]>[] = [
  ...place,
  { title: 'WHAT', whole: true, kept: true, value: ({ message }) => message },
]
const roleColumns: readonly Column<Imported['rolesFailed'][number]>[] = [
  { title: '#', value: ({ index }) => index + 1 },
  { title: 'ROLE', value: ({ name }) => name },
  { title: 'WHY', whole: true, kept: true, value: ({ message }) => message },
]
const lostColumns: readonly Column<Imported['lost'][number]>[] = [
  { title: 'WHAT', value: ({ what }) => what },
  { title: 'HOW MANY', value: ({ count }) => count },
  { title: 'USERS', value: ({ users }) => users },
]
