import { DenizenError } from '@denizen/core/calls'
import type { Database, Migrations } from '@denizen/runtime'
import { Option, type Command } from 'commander'
import { withNext } from '../failure.ts'
import { addOutputOptions, denizen, formatOf, type OutputOptions } from '../common-options.ts'
import { print, printAnswer } from '../output.ts'
import { table } from '../table.ts'
import { confirmed } from '../prompts.ts'

interface MigrateOptions extends OutputOptions {
  readonly database?: string
  readonly yes?: boolean
  readonly dryRun?: boolean
  readonly to?: string
}

/** Migrations, on the database itself. A server migrates by itself when it starts. */
export function addMigrate(program: Command): void {
  const migrate = program.command('migrate').description('See and apply the migrations of a database')
  addVerb(migrate, 'status', 'Show which migrations were applied, and when', status)
  addVerb(migrate, 'plan', 'Show the statements that "up" would run', plan)
  addVerb(migrate, 'up', 'Apply what is missing: all of it, or nothing', up).option('--dry-run', 'the same as "migrate plan"')
  addVerb(migrate, 'down', 'Undo the newest migration. Data is lost', down)
    .option('--to <name>', 'undo everything after this one; 0: everything')
    .option('-y, --yes', 'do not ask')
}

type Verb = (database: Database, options: MigrateOptions) => Promise<void>

function addVerb(migrate: Command, name: string, description: string, verb: Verb): Command {
  const command = migrate.command(name).description(description)
  command.addOption(new Option('--database <dir|url>', 'the database (default: DATABASE_URL, else DENIZEN_DATA_DIR)'))
  addOutputOptions(command)
  return command.action(async () => {
    const options = command.opts<MigrateOptions>()
    await onDatabase(options, name === 'up' && options.dryRun !== true, (database) => verb(database, options))
  })
}

/** Opens the database and nothing else: there may be no tables yet. */
async function onDatabase(options: MigrateOptions, mayMake: boolean, work: (database: Database) => Promise<void>): Promise<void> {
  const { localConfig, requireDatabase } = await import('../local.ts')
  const { loadMasterKey, openDatabase, pinoLogger } = await import('@denizen/runtime')
  const config = localConfig(options)
  if (mayMake) await loadMasterKey(config) // created before the database it belongs to
  else requireDatabase(config, options)
  const database = await openDatabase(config, pinoLogger(config.logLevel)).catch((error: unknown) => {
    throw error instanceof DenizenError && error.code === 'database.locked' ? withNext(error, stopFirst) : error
  })
  try {
    await work(database)
  } finally {
    await database.close()
  }
}

const stopFirst = 'Stop it first. A server brings its database up to date by itself when it starts.'

async function status({ migrations }: Database, options: MigrateOptions): Promise<void> {
  const [{ pending, unknown }, history] = await Promise.all([migrations.status(), migrations.history()])
  const rows = [
    ...history.map(({ name, at }) => ({
      name,
      applied: at,
      state: unknown.includes(name) ? 'unknown: applied by a newer version of Denizen' : 'applied',
    })),
    ...pending.map((name) => ({ name, applied: null, state: 'pending' })),
  ]
  printAnswer(formatOf(options), { items: rows }, () =>
    table(rows, [
      { title: 'MIGRATION', whole: true, value: ({ name }) => name },
      { title: 'STATE', value: ({ state }) => state },
      { title: 'APPLIED', value: ({ applied }) => applied },
    ]),
  )
}

async function plan({ migrations }: Database, options: MigrateOptions): Promise<void> {
  const items = await migrations.plan()
  const text = items.map(
    ({ name, statements }) => `-- ${name}\n${statements.map((statement) => `${statement.trim().replace(/;$/, '')};`).join('\n')}`,
  )
  printAnswer(formatOf(options), { items }, () => (items.length === 0 ? 'Nothing to do: the database is up to date.' : text.join('\n\n')))
}

async function up(database: Database, options: MigrateOptions): Promise<void> {
  if (options.dryRun === true) return plan(database, options)
  tell(await database.migrations.up(), 'Applied', 'Nothing to do: the database is up to date.', options)
}

async function down({ migrations }: Database, options: MigrateOptions): Promise<void> {
  const names = await toUndo(migrations, options.to)
  if (names.length === 0) return tell([], '', 'Nothing to do: no migration was applied after that.', options)
  await confirmed(`Undo ${names.join(', ')}? The data in their tables is lost.`, options.yes)
  tell(await migrations.down(options.to), 'Undid', '', options)
}

async function toUndo(migrations: Migrations, to: string | undefined): Promise<readonly string[]> {
  const { applied } = await migrations.status()
  if (to === undefined) return applied.slice(-1)
  if (to === '0') return applied
  if (applied.includes(to)) return applied.slice(applied.indexOf(to) + 1)
  throw new DenizenError('cli.noMigration', 'notFound', `No migration named ${to} was applied.`, {
    next: `See their names: ${denizen} migrate status`,
  })
}

function tell(names: readonly string[], verb: string, nothing: string, options: MigrateOptions): void {
  if (formatOf(options) === 'text') return print(names.length === 0 ? nothing : names.map((name) => `${verb} ${name}.`).join('\n'))
  printAnswer(formatOf(options), { items: names }, () => '')
}
