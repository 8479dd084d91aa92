import { statfs } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { DenizenError } from '@denizen/core/calls'
import type { Config, Database, PostgresPlace, Setting } from '@denizen/runtime'
import { Option, type Command } from 'commander'
import { defaultUrl, serverUrl } from '../connection.ts'
import { contextOf } from '../contexts.ts'
import { detailsOf } from '../error-details.ts'
import { exitCodes } from '../failure.ts'
import { lastUrl, loginFile, readLogin } from '../login-store.ts'
import { addOutputOptions, denizen, formatOf, type OutputOptions } from '../common-options.ts'
import { startedAt } from '../next-steps.ts'
import { bold, indented, localTime, printAnswer, printable } from '../output.ts'
import { mailText } from './banner.ts'
import { ok, problem, type Check } from './doctor-check.ts'
import { localeCheck, rightsCheck } from './doctor-postgres.ts'
import { whyReadOnly, type WriteState } from './doctor-writing.ts'

interface SettingInUse extends Setting {
  readonly value: string
  readonly from: 'environment' | 'default'
}

type DoctorOptions = OutputOptions & { readonly database?: string; readonly all?: boolean }

/** Checks everything that a server needs, changes nothing, and says what to do about what is missing. */
export function addDoctor(program: Command): void {
  const command = program.command('doctor').description('Check this machine, its settings, the database and the server')
  command.addOption(new Option('--database <dir|url>', 'the database (default: DATABASE_URL, else DENIZEN_DATA_DIR)'))
  command.option('--all', 'all settings, with what they mean; without it, those that are set')
  addOutputOptions(command)
  command.action(() => doctor(command.opts<DoctorOptions>()))
}

async function doctor(options: DoctorOptions): Promise<void> {
  const { settings } = await import('@denizen/runtime')
  const checks: Check[] = [nodeCheck()]
  const config = await configOf(options, checks)
  const database = config === null ? null : await examineDatabase(config)
  if (config !== null && database !== null) checks.push(...database.checks, await diskCheck(config), mailCheck(config))
  checks.push(await loginCheck(), await serverCheck(database?.servedAt ?? null))
  const inUse = settings.map((setting) => settingInUse(setting))
  printAnswer(formatOf(options), { checks, settings: inUse }, () =>
    [checksText(checks), settingsText(inUse, options.all === true)].join('\n\n'),
  )
  if (checks.some(({ state }) => state === 'problem')) process.exitCode = exitCodes.failure
}

function nodeCheck(): Check {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  if (major > 22 || (major === 22 && minor >= 17)) return ok('Node', process.version)
  return { name: 'Node', state: 'problem', found: `${process.version} is too old`, next: 'Install Node 24, or at least 22.17.' }
}

async function configOf(options: DoctorOptions, checks: Check[]): Promise<Config | null> {
  const { localConfig } = await import('../local.ts')
  try {
    const config = localConfig(options)
    checks.push(ok('Settings', 'valid'))
    return config
  } catch (error) {
    checks.push(problem('Settings', error, `Correct them in the environment. All of them, with what they mean: ${denizen} doctor --all`))
    return null
  }
}

interface Examined {
  readonly checks: readonly Check[]
  /** Where another process serves the folder; null: nobody does, or it is no folder. */
  readonly servedAt: string | null
}

async function examineDatabase(config: Config): Promise<Examined> {
  try {
    return { checks: await databaseChecks(config), servedAt: null }
  } catch (error) {
    const { database } = config
    return ownedCheck(error) ?? { checks: [(await unreachableCheck(error, database)) ?? problem('Database', error, null)], servedAt: null }
  }
}

async function databaseChecks(config: Config): Promise<readonly Check[]> {
  const { clusterDirectory, openDatabase, pinoLogger } = await import('@denizen/runtime')
  const { database } = config
  if (database.kind === 'memory') return [ok('Database', 'in memory, created at every start')]
  if (database.kind === 'embedded' && !existsSync(clusterDirectory(database.directory)))
    return [ok('Database', `none in ${database.directory} yet: the first start creates it`)]
  const opened = await openDatabase(config, pinoLogger('silent'))
  try {
    const [row] = await opened.orm.em.getConnection().execute<{ version: string }[]>(`select current_setting('server_version') as version`)
    const { applied, pending, unknown } = await opened.migrations.status()
    const version = `PostgreSQL ${row?.version ?? '?'}`
    const found =
      opened.kind === 'postgres' ? await placeCheck(version, opened.place) : ok('Database', `${version} in ${config.dataDirectory}`)
    return [
      found,
      ...(await writeChecks(opened)),
      ...(await localeCheck(opened)),
      migrationCheck(applied, pending, unknown),
      ...(applied.length === 0 ? [] : [await masterKeyCheck(opened, config)]),
      ...(pending.length === 0 && unknown.length === 0 ? [...(await rightsCheck(opened)), ...(await permissionChecks(opened))] : []),
    ]
  } finally {
    await opened.close()
  }
}

/** Why nothing can be written, if so. It has to be asked for: a read-only database answers queries like any other. */
async function writeChecks({ orm }: Database): Promise<readonly Check[]> {
  const [row] = await orm.em.getConnection().execute<WriteState[]>(
    `select pg_is_in_recovery() as standby, setting, source, quote_ident(current_database()) as database, quote_ident(session_user) as role
      from pg_settings where name = 'default_transaction_read_only'`,
  )
  const refusal = row === undefined ? null : whyReadOnly(row)
  return refusal === null ? [] : [{ name: 'Writing', state: 'problem', ...refusal }]
}

/** Passwords' hashes and tokens' go over these connections. */
async function placeCheck(version: string, { server, isPooled, schema }: PostgresPlace): Promise<Check> {
  const { hostAndPort } = await import('@denizen/runtime')
  const { host, port, ssl } = server
  const isLocal = host.startsWith('/') || /^(localhost|127\..*|::1)$/.test(host)
  const how = [
    ...(host.startsWith('/') ? [] : [ssl === false ? 'in clear' : 'over TLS']),
    ...(isPooled ? ['through a pooler in transaction mode'] : []),
    ...(schema === 'public' ? [] : [`in the schema ${schema}`]),
  ]
  const found = [`${version} at ${host.startsWith('/') ? host : hostAndPort(host, port)}`, ...how].join(', ')
  if (isLocal || ssl !== false) return ok('Database', found)
  return { name: 'Database', state: 'warning', found, next: 'Encrypt it: add ?sslmode=verify-full to DATABASE_URL.' }
}

async function masterKeyCheck({ orm }: Database, config: Config): Promise<Check> {
  const [{ checkMasterKey }, { loadMasterKey, nodeCipher }] = await Promise.all([import('@denizen/core'), import('@denizen/runtime')])
  try {
    await checkMasterKey(orm.em.fork(), { cipher: nodeCipher(await loadMasterKey(config)) })
    return ok('Master key', 'opens what is sealed in the database')
  } catch (error) {
    return problem('Master key', error, 'Until then nothing starts: signing in, mails and signed tokens need it.')
  }
}

/** So many are named; one is enough to go and look. */
const mostNamed = 5

/** Permissions of roles that no action has any more. Which permissions applications have only they know. */
async function permissionChecks({ orm }: Database): Promise<readonly Check[]> {
  const { actions, catalogueOf, findStalePermissions } = await import('@denizen/core')
  const catalogue = catalogueOf([...actions.values()].map(({ signature }) => signature))
  const stale = await findStalePermissions(orm.em.fork(), catalogue)
  const [first] = stale
  if (first === undefined) return []
  const named = stale
    .slice(0, mostNamed)
    .map(({ permission, role }) => `${permission} (${role === null ? 'assigned by itself' : `role ${role.name}`})`)
  const more = stale.length > mostNamed ? ` and ${stale.length - mostNamed} more` : ''
  const next =
    first.role === null
      ? `They grant nothing. Revoke them: ${denizen} access revoke-permission --permission ${first.permission} --user …`
      : `They grant nothing. Revoke them: ${denizen} roles revoke-permission ${first.role.id} ${first.permission}`
  return [{ name: 'Permissions', state: 'warning', found: `no action has these: ${printable(named.join(', '))}${more}`, next }]
}

/** A server that has the directory open is not a problem. */
function ownedCheck(error: unknown): Examined | null {
  if (!(error instanceof DenizenError) || error.code !== 'database.locked') return null
  const { directory, pid, url, startedAt } = detailsOf(error)
  const serves = url !== undefined ? `serving at ${url}` : 'not serving'
  const found = `${String(directory)} is in use by process ${String(pid)}, ${serves}, since ${localTime(new Date(String(startedAt)))}`
  return { checks: [ok('Database', found)], servedAt: url ?? null }
}

/** Which database cannot be reached, and why: the general message says neither. */
async function unreachableCheck(error: unknown, database: Config['database']): Promise<Check | null> {
  if (!(error instanceof DenizenError) || error.code !== 'request.databaseUnavailable' || database.kind !== 'postgres') return null
  const { parseDatabaseUrl, placeOf } = await import('@denizen/runtime')
  const found = `PostgreSQL ${placeOf(parseDatabaseUrl(database.url))} cannot be reached: ${rootOf(error)}`
  return { name: 'Database', state: 'problem', found, next: 'Start it, or correct DATABASE_URL.' }
}

/** The message of the first cause; a refused connection may have several, and no text of its own. */
function rootOf(error: unknown): string {
  if (error instanceof AggregateError) return rootOf(error.errors[0])
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error ? rootOf(error.cause) : error.message
}

function migrationCheck(applied: readonly string[], pending: readonly string[], unknown: readonly string[]): Check {
  if (unknown.length > 0)
    return {
      name: 'Migrations',
      state: 'problem',
      found: `unknown here: ${unknown.join(', ')}`,
      next: 'A newer version of Denizen migrated it: use that version.',
    }
  if (pending.length === 0) return ok('Migrations', `all ${applied.length} applied`)
  return {
    name: 'Migrations',
    state: 'warning',
    found: `pending: ${pending.join(', ')}`,
    next: `A server applies them when it starts, or: ${denizen} migrate up`,
  }
}

async function diskCheck({ dataDirectory, database }: Config): Promise<Check> {
  if (database.kind !== 'embedded') return ok('Disk', 'not used')
  const { leastRoom } = await import('@denizen/runtime')
  const { bavail, bsize } = await statfs(existsSync(dataDirectory) ? dataDirectory : '.')
  const free = Math.floor((bavail * bsize) / 1024 ** 2)
  if (free >= 1024) return ok('Disk', `${Math.floor(free / 1024)} GB free`)
  const found = `only ${free} MB free for ${dataDirectory}`
  const least = leastRoom / 1024 ** 2
  if (free >= least) return { name: 'Disk', state: 'warning', found, next: `Free some: below ${least} MB the database only reads.` }
  return {
    name: 'Disk',
    state: 'problem',
    found,
    next: `Free some: until there are ${least} MB the database only reads, and does not start.`,
  }
}

function mailCheck(config: Config): Check {
  if (config.mail.kind !== 'none') return ok('Mail', mailText(config))
  const next = 'Set DENIZEN_SMTP_URL and DENIZEN_MAIL_FROM, or do without invitations, resets and links by mail.'
  return { name: 'Mail', state: 'warning', found: 'goes nowhere: no mail server is set', next }
}

async function loginCheck(): Promise<Check> {
  try {
    const { name } = await contextOf(undefined)
    const login = await readLogin(name)
    return ok('Signed in', login === null ? 'no' : `as ${login.username} at ${login.url} (${loginFile(name)})`)
  } catch (error) {
    return problem('Signed in', error, null)
  }
}

/** The server that commands talk to; where nobody named one, and nobody is signed in, that of the folder. */
async function serverCheck(servedAt: string | null): Promise<Check> {
  try {
    const context = await contextOf(undefined)
    const isNamed = process.env['DENIZEN_URL'] !== undefined || (await lastUrl(context.name)) !== null
    const url = isNamed || servedAt === null ? await serverUrl(undefined, context) : servedAt
    const next = isNamed || url === defaultUrl ? null : `Sign in, and commands talk to it: ${denizen} login --url ${url}`
    try {
      const response = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(3_000) })
      if (response.ok) return { ...ok('Server', `${url} is ready`), next }
      const why = (await response.text()).slice(0, 100)
      return { name: 'Server', state: 'warning', found: `${url} answers ${response.status} ${why}`, next: 'See its log.' }
    } catch {
      return { name: 'Server', state: 'warning', found: `nothing answers at ${url}`, next: `Start it${startedAt(url)}.` }
    }
  } catch (error) {
    return problem('Server', error, null)
  }
}

function settingInUse(setting: Setting): SettingInUse {
  const given = process.env[setting.name]
  if (given === undefined || given === '') return { ...setting, value: setting.default, from: 'default' }
  return { ...setting, value: redacted(setting.name, given), from: 'environment' }
}

/** Hides secrets, because people see the output and paste it into bug reports. */
function redacted(name: string, value: string): string {
  if (/KEY|SECRET|TOKEN|PASSWORD/.test(name)) return '(hidden)'
  if (!name.endsWith('_URL')) return value
  if (!URL.canParse(value)) return '(not a URL)'
  const { protocol, host, pathname } = new URL(value)
  return `${protocol}//${host}${pathname}`
}

const signs = { ok: '✓', warning: '!', problem: '✗' } as const

function checksText(checks: readonly Check[]): string {
  const widest = Math.max(...checks.map(({ name }) => name.length))
  const lines = checks.map(({ name, state, found, next }) => {
    const after = next === null ? '' : `\n${indented(`next: ${next}`, widest + 6)}`
    const said = indented(found.replaceAll(/\n +/g, '\n'), widest + 6)
    return `  ${signs[state]} ${name.padEnd(widest)}  ${said.trimStart()}${after}`
  })
  return `${bold('Checks')}\n${lines.join('\n')}`
}

function settingsText(settings: readonly SettingInUse[], all: boolean): string {
  const shown = all ? settings : settings.filter(({ from }) => from === 'environment')
  const count = settings.length - shown.length
  const others =
    count === 0 ? [] : [indented(`${count} have their defaults. All settings, with what they mean: ${denizen} doctor --all`, 2)]
  return [bold('Settings'), ...shown.map(settingText), ...others].join('\n')
}

/** The name is never shortened, because it is what one types. */
function settingText({ name, value, from, meaning }: SettingInUse): string {
  return `  ${name}  ${printable(value)}${from === 'default' ? '' : ' (from the environment)'}\n${indented(meaning, 6)}`
}
