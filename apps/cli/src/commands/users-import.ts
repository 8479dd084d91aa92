import { keycloakRealm, largestImport, signatures, type KeycloakRealm, type OutputOf, type Plan } from '@denizen/core/contract'
import { Option, type Command } from 'commander'
import { runsActions } from '../action-command.ts'
import type { LeafOptions } from '../action-command.ts'
import { runInChunks, exitCodeOfCreate, chunked } from '../batches.ts'
import type { Connection } from '../calls.ts'
import { connected } from '../connection.ts'
import { usageError } from '../failure.ts'
import { parseJson } from '../fields.ts'
import { readText } from '../input-files.ts'
import { addChangeOptions, addConnectionOptions, addOutputOptions, formatOf } from '../options.ts'
import { printAnswer, table, type Column } from '../output.ts'
import { printPlan, sumOf } from '../plan.ts'

type Imported = OutputOf<typeof signatures.users.import>

/** How to get the file. */
const howToExport = 'Export the realm from Keycloak: bin/kc.sh export --file realm.json --realm <name> --users realm_file'

export function addImport(users: Command): void {
  const { summary, input } = signatures.users.import
  const command = runsActions(users.command('import'), 'users.import')
    .description(summary)
    .argument('<file>', 'the export, a JSON file; - reads standard input')
  command.addOption(new Option('--format <format>', 'what the file is').choices(input.shape.format.options).default('keycloak'))
  command.option('--create-roles', input.shape.createRoles.meta()?.description ?? '')
  addOutputOptions(addConnectionOptions(addChangeOptions(command)))
  command.addHelpText(
    'after',
    '\nExit code 6: some users were created and some were not; 0 also if all of them existed already.\n\nExamples:\n  $ denizen users import realm-export.json --create-roles --dry-run',
  )
  command.action(async (file: string) => {
    const options = command.opts<LeafOptions>()
    const realm = await readRealm(file)
    await connected(options, (connection) => importParts(connection, realm, options))
  })
}

/** Reads only users and roles; nothing else in the file leaves this machine. */
async function readRealm(file: string): Promise<KeycloakRealm> {
  const realm = parseJson(await readText(file), file, howToExport)
  const users = isRecord(realm) && Array.isArray(realm['users']) ? realm['users'] : []
  const whole: KeycloakRealm = checked(file, { ...(isRecord(realm) ? realm : {}), users: [] }, 0)
  for (let start = 0; start < users.length; start += largestImport) {
    whole.users.push(...checked(file, { realm: whole.realm, users: users.slice(start, start + largestImport) }, start).users)
  }
  return whole
}

function checked(file: string, realm: unknown, start: number): KeycloakRealm {
  const parsed = keycloakRealm.safeParse(realm)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const path = (issue?.path ?? []).map((part, index) => (index === 1 && typeof part === 'number' ? part + start : String(part))).join('.')
  throw usageError(`${file} is not a Keycloak realm: ${path}: ${issue?.message ?? 'not readable'}`, howToExport)
}

async function importParts({ calls }: Connection, { users, ...realm }: KeycloakRealm, options: LeafOptions): Promise<void> {
  const inputOf = (part: KeycloakRealm['users']) => ({
    format: 'keycloak' as const,
    realm: { ...realm, users: part },
    createRoles: options['createRoles'] === true,
  })
  const parts = users.length === 0 ? [[]] : chunked(users, largestImport) // it may hold only roles
  if (options.dryRun === true) {
    const plans: { start: number; plan: Plan }[] = []
    let start = 0
    for (const part of parts) {
      plans.push({ start, plan: await calls.users.import.plan(inputOf(part)) })
      start += part.length
    }
    return printPlan(formatOf(options), sumOf(plans))
  }
  const whole: Imported = { created: 0, rolesCreated: [], failed: [], warnings: [] }
  let done = 0
  const tell = () => printAnswer(formatOf(options), whole, () => importedText(whole))
  await runInChunks(parts, {
    doing: 'Importing users',
    key: options.idempotencyKey,
    again: 'Run it again: users that exist already are reported and left as they are.',
    tell,
    async each(part, key) {
      add(whole, await calls.users.import(inputOf(part), key), done)
      done += part.length
    },
  })
  tell()
  process.exitCode = exitCodeOfCreate(whole.created, whole.failed)
}

/** Turns positions in a chunk into positions in the file. */
function add(whole: Imported, { created, rolesCreated, failed, warnings }: Imported, start: number): void {
  whole.created += created
  whole.rolesCreated.push(...rolesCreated)
  whole.failed.push(...failed.map((item) => ({ ...item, index: item.index + start })))
  whole.warnings.push(...warnings.map((item) => ({ ...item, index: item.index + start })))
}

function importedText({ created, rolesCreated, failed, warnings }: Imported): string {
  const sections = [`${created} ${created === 1 ? 'user' : 'users'} created${failed.length === 0 ? '' : `, ${failed.length} not`}.`]
  if (rolesCreated.length > 0) sections.push(`Roles created (they grant nothing until you map them): ${rolesCreated.join(', ')}`)
  if (failed.length > 0) sections.push(`Not created:\n${table(failed, failureColumns)}`)
  if (warnings.length > 0) sections.push(`Created, with warnings:\n${table(warnings, warningColumns)}`)
  return sections.join('\n\n')
}

const place: readonly Column<{ index: number; username: string }>[] = [
  { title: '#', value: ({ index }) => index + 1 },
  { title: 'USERNAME', value: ({ username }) => username },
]

const failureColumns: readonly Column<Imported['failed'][number]>[] = [
  ...place,
  { title: 'WHY', value: ({ message }) => message },
  { title: 'CODE', value: ({ code }) => code },
]
const warningColumns: readonly Column<Imported['warnings'][number]>[] = [...place, { title: 'WHAT', value: ({ message }) => message }]

function isRecord(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === 'object' && !Array.isArray(value)
}
