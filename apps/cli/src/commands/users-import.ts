import { readFile } from 'node:fs/promises'
import { keycloakRealm, largestImport, signatures, type KeycloakRealm, type OutputOf, type Plan } from '@denizen/core/contract'
import { DenizenError } from '@denizen/core/calls'
import { Option, type Command } from 'commander'
import type { LeafOptions } from '../action-command.ts'
import { connected, type Connection } from '../connection.ts'
import { exitCodes, usageError } from '../failure.ts'
import { parseJson } from '../fields.ts'
import { addChangeOptions, addConnectionOptions, addOutputOptions, formatOf } from '../options.ts'
import { note, printAnswer, table, type Column } from '../output.ts'
import { printPlan, sumOf } from '../plan.ts'

type Imported = OutputOf<typeof signatures.users.import>

/** Bytes of users in one call: the server takes requests of 4 MB, and an operator who watches wants to see it move. */
const largestPart = 1_000_000

export function addImport(users: Command): void {
  const { summary, input } = signatures.users.import
  const command = users.command('import').description(summary).argument('<file>', 'the export, a JSON file')
  command.addOption(new Option('--format <format>', 'what the file is').choices(input.shape.format.options).default('keycloak'))
  command.option('--create-roles', input.shape.createRoles.meta()?.description ?? '')
  addOutputOptions(addConnectionOptions(addChangeOptions(command)))
  command.addHelpText(
    'after',
    '\nExit code 6: some users were made and some were not.\n\nExamples:\n  $ denizen users import realm-export.json --create-roles --dry-run',
  )
  command.action(async (file: string) => {
    const options = command.opts<LeafOptions>()
    const parts = partsOf(await readRealm(file))
    await connected(options, (connection) => importParts(connection, parts, options))
  })
}

/** Only the parts of the file that are about users and roles; the rest of it never leaves this machine. */
async function readRealm(file: string): Promise<KeycloakRealm> {
  const realm = parseJson(await readText(file), file)
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
  throw usageError(`${file} is not a Keycloak realm: ${path}: ${issue?.message ?? 'not readable'}`)
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT')
      throw new DenizenError('cli.noFile', 'notFound', `There is no file ${file}.`)
    throw usageError(`${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`)
  }
}

function partsOf(realm: KeycloakRealm): readonly KeycloakRealm[] {
  const parts: KeycloakRealm[] = []
  let users: KeycloakRealm['users'] = []
  let size = 0
  for (const user of realm.users) {
    const bytes = Buffer.byteLength(JSON.stringify(user))
    if (users.length === largestImport || (users.length > 0 && size + bytes > largestPart)) {
      parts.push({ ...realm, users })
      users = []
      size = 0
    }
    users.push(user)
    size += bytes
  }
  return [...parts, { ...realm, users }]
}

async function importParts({ calls }: Connection, parts: readonly KeycloakRealm[], options: LeafOptions): Promise<void> {
  const inputOf = (realm: KeycloakRealm) => ({ format: 'keycloak' as const, realm, createRoles: options['createRoles'] === true })
  if (options.dryRun === true) {
    const plans: Plan[] = []
    for (const part of parts) plans.push(await calls.users.import.plan(inputOf(part)))
    return printPlan(formatOf(options), sumOf(plans))
  }
  const whole: Imported = { created: 0, rolesCreated: [], failed: [], warnings: [] }
  const total = parts.reduce((sum, { users }) => sum + users.length, 0)
  let done = 0
  try {
    for (const [index, part] of parts.entries()) {
      if (parts.length > 1) note(`Importing users ${done + 1} to ${done + part.users.length} of ${total} …`)
      add(whole, await calls.users.import(inputOf(part), keyFor(options, index, parts.length)), done)
      done += part.users.length
    }
  } catch (error) {
    if (whole.created === 0) throw error
    tell(whole, options)
    throw new DenizenError(
      'cli.partlyImported',
      'internal',
      `It stopped after ${done} of ${total} users: ${error instanceof Error ? error.message : String(error)}`,
      {
        next: 'Run it again: users that are there already are reported and left as they are.',
      },
      error,
    )
  }
  tell(whole, options)
}

function keyFor({ idempotencyKey }: LeafOptions, index: number, count: number) {
  if (idempotencyKey === undefined) return {}
  return { idempotencyKey: count === 1 ? idempotencyKey : `${idempotencyKey}:${index}` }
}

/** Places in a part become places in the file. */
function add(whole: Imported, { created, rolesCreated, failed, warnings }: Imported, start: number): void {
  whole.created += created
  whole.rolesCreated.push(...rolesCreated)
  whole.failed.push(...failed.map((item) => ({ ...item, index: item.index + start })))
  whole.warnings.push(...warnings.map((item) => ({ ...item, index: item.index + start })))
}

function tell(imported: Imported, options: LeafOptions): void {
  printAnswer(formatOf(options), imported, () => importedText(imported))
  if (imported.failed.length > 0) process.exitCode = imported.created === 0 ? exitCodes.failure : exitCodes.partial
}

function importedText({ created, rolesCreated, failed, warnings }: Imported): string {
  const sections = [`${created} ${created === 1 ? 'user' : 'users'} made${failed.length === 0 ? '' : `, ${failed.length} not`}.`]
  if (rolesCreated.length > 0) sections.push(`Roles made (they grant nothing until you map them): ${rolesCreated.join(', ')}`)
  if (failed.length > 0) sections.push(`Not made:\n${table(failed, failureColumns)}`)
  if (warnings.length > 0) sections.push(`Made, but mind:\n${table(warnings, warningColumns)}`)
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
