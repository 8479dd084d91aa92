import { Option, type Command } from 'commander'
import type { Format } from './output.ts'

/** Where calls go. */
export interface ConnectionOptions {
  readonly url?: string
  readonly context?: string
  readonly database?: string
  readonly local?: boolean
  readonly debug?: boolean
}

export interface OutputOptions {
  readonly json?: boolean
  readonly ndjson?: boolean
}

export interface ChangeOptions {
  readonly dryRun?: boolean
  readonly idempotencyKey?: string
  readonly yes?: boolean
}

/** What is sent along with a command. */
export function sentWith({ idempotencyKey }: Pick<ChangeOptions, 'idempotencyKey'>): { readonly idempotencyKey?: string } {
  return idempotencyKey === undefined ? {} : { idempotencyKey }
}

export function addConnectionOptions(command: Command): Command {
  return command
    .addOption(new Option('--url <url>', 'the server to talk to (default: the one you signed in to)').conflicts(['database', 'local']))
    .addOption(
      new Option('--context <name>', 'use this saved login (default: DENIZEN_CONTEXT, or the one in use)').conflicts(['database', 'local']),
    )
    .addOption(new Option('--database <dir|url>', 'without a server: use this database, as its operator').conflicts('local'))
    .option('--local', 'without a server: use the database of DATABASE_URL or DENIZEN_DATA_DIR, as its operator')
    .option('--debug', 'show requests (or SQL, without values) and how long they took')
}

export function addOutputOptions(command: Command): Command {
  return command.addOption(new Option('--json', 'print JSON').conflicts('ndjson')).option('--ndjson', 'print JSON, one item per line')
}

/** `plans`: whether a dry run of it is possible; `takesKey`: whether it can be repeated. Where not, the option is hidden, and refused with the reason. */
export function addChangeOptions(command: Command, { plans, takesKey } = { plans: true, takesKey: true }): Command {
  return command
    .addOption(new Option('--dry-run', 'show what would change, and change nothing').hideHelp(!plans))
    .addOption(
      new Option('--idempotency-key <key>', 'makes it safe to repeat: the same key and input give the first answer again').hideHelp(
        !takesKey,
      ),
    )
    .option('-y, --yes', 'do not ask')
}

export function formatOf({ json = false, ndjson = false }: OutputOptions): Format {
  return ndjson ? 'ndjson' : json ? 'json' : 'text'
}

/** How the command is called here, so that printed command lines can be typed as they are. */
export const denizen = process.env['npm_execpath'] === undefined ? 'denizen' : 'npx denizen'
