import { randomBytes } from 'node:crypto'
import { availableParallelism } from 'node:os'
import { join, resolve } from 'node:path'
import { bySimilarity, defineError, type Settings } from '@denizen/core'
import { z } from 'zod'
import { databaseConfigOf, databaseDefinitions, isMemory, type DatabaseConfig } from './database-settings.ts'
import { listeningUrl, outboxAddress, parsePublicUrl, parseSender, parseSmtpUrl, type MailConfig, type Sender } from './mail-settings.ts'
import { retentionDefinitions, retentionOf } from './retention-settings.ts'
import { define, type Setting } from './setting.ts'
import { parseMasterKey, parseNetworks, parseSize, wholeNumber, wholeNumberOrNone } from './setting-formats.ts'
import { signInConfigOf, signInDefinitions, type SignInConfig } from './sign-in-settings.ts'

/** All settings, parsed once and passed on as a value. */
export interface Config {
  /** What the installation is called, on its pages and in its mails. */
  readonly name: string
  readonly database: DatabaseConfig
  /** Absolute; holds the embedded database, its lock and `master.key`. */
  readonly dataDirectory: string
  readonly host: string
  /** Milliseconds between being not ready and closing the port. */
  readonly closingDelay: number
  /** 0 lets the system choose. */
  readonly port: number
  /** 32 bytes; null: kept in the data directory (see `loadMasterKey`), or random in memory. */
  readonly masterKey: Uint8Array | null
  /** CIDR blocks of the proxies whose `X-Forwarded-For` is trusted. */
  readonly trustedProxies: readonly string[]
  readonly logLevel: LogLevel
  /** Connections to PostgreSQL for actions; two more are held for invalidation and jobs each. */
  readonly poolSize: number
  readonly hashing: { readonly workers: number; readonly queueLimit: number }
  /** Slug of the organization that new users join; null: none. */
  readonly defaultOrganization: string | null
  /** How many organizations a user who is not an administrator may own. */
  readonly maxOwnedOrganizations: number
  readonly purgeArchivedDays: number | null
  /** Largest request body, in bytes. */
  readonly bodyLimit: number
  /** The URL at which people reach this installation; links in emails begin with it. No trailing slash. */
  readonly publicUrl: string
  readonly mail: MailConfig
  readonly signIn: SignInConfig
  readonly retention: Settings['retention']
}

export type LogLevel = (typeof logLevels)[number]

const logLevels = ['debug', 'info', 'warn', 'error', 'silent'] as const

export interface ConfigIssue {
  readonly name: string
  readonly message: string
}

export const configInvalid = defineError<{ issues: readonly ConfigIssue[] }>(
  'config.invalid',
  'invalid',
  ({ issues }) => `The configuration is not usable.\n${issues.map(({ name, message }) => `  ${name}: ${message}`).join('\n')}`,
)

const defaultWorkers = Math.max(1, availableParallelism() - 1)

const definitions = {
  ...databaseDefinitions,
  DENIZEN_NAME: define(
    z
      .string()
      .trim()
      .regex(/^\P{C}{1,60}$/u, 'must be one line of at most 60 characters')
      .default('Denizen'),
    'Denizen',
    'What this installation is called, on its pages and in its mails: Example Accounts.',
  ),
  DENIZEN_CLOSING_DELAY: define(
    wholeNumber(0, 300).default(0),
    '0',
    'Seconds after SIGTERM in which /readyz answers 503 and calls are still taken, so that a load balancer stops sending them.',
  ),
  DENIZEN_HOST: define(z.string().min(1, 'must be an address to listen on').default('127.0.0.1'), '127.0.0.1', 'Address to listen on.'),
  DENIZEN_PORT: define(wholeNumber(0, 65_535).default(4000), '4000', 'Port to listen on; 0 takes a free one.'),
  DENIZEN_MASTER_KEY: define(
    z.string().transform(parseMasterKey).optional(),
    '(embedded: created once in <data dir>/master.key)',
    'Key for secrets at rest: 32 random bytes in base64url. Required with DATABASE_URL, the same for every process.',
  ),
  DENIZEN_TRUSTED_PROXIES: define(
    z.string().transform(parseNetworks).optional(),
    '(none)',
    'Addresses or CIDR blocks, separated by commas, of the proxies whose X-Forwarded-For is trusted.',
  ),
  DENIZEN_LOG_LEVEL: define(
    z.enum(logLevels, `must be one of ${logLevels.join(', ')}`).default('info'),
    'info; the command denizen: warn',
    `The lowest level that is logged: ${logLevels.join(', ')}. JSON lines on standard error.`,
  ),
  DENIZEN_POOL_SIZE: define(wholeNumber(1, 500).default(10), '10', 'Connections to PostgreSQL that actions share.'),
  DENIZEN_HASH_WORKERS: define(
    wholeNumber(1, 64).default(defaultWorkers),
    '(cores - 1, at least 1)',
    'Threads that hash passwords. Use fewer than there are cores, or sign-ins slow down everything else.',
  ),
  DENIZEN_HASH_QUEUE: define(
    wholeNumber(1, 10_000).default(64),
    '64',
    'Passwords that may wait for a thread before further sign-ins are asked to try again later.',
  ),
  DENIZEN_DEFAULT_ORGANIZATION: define(
    z
      .string()
      .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'must be the slug of an organization, or none')
      .default('none'),
    'none',
    'Slug of the organization that new users join, or none.',
  ),
  DENIZEN_PURGE_ARCHIVED_DAYS: define(
    wholeNumberOrNone(30, 36_500).optional(),
    'none',
    'Days after which archived users are purged for good, by the job users.purgeArchived; none: only when somebody asks for it.',
  ),
  DENIZEN_MAX_OWNED_ORGANIZATIONS: define(
    wholeNumber(0, 1_000_000).default(10),
    '10',
    'Organizations that a user may own: then they cannot create another. 0: only administrators may create organizations. They have no limit.',
  ),
  DENIZEN_BODY_LIMIT: define(
    z.string().transform(parseSize).optional(),
    '128kb',
    'Largest request body: a number of bytes, or a number with kb or mb. users.import and users.importRecords take 16 MiB, users.bulkCreate and access.apply 4 MiB, from callers who hold their permission.',
  ),
  DENIZEN_PUBLIC_URL: define(
    z.string().transform(parsePublicUrl).optional(),
    'http://<host>:<port>, with localhost for 127.0.0.1',
    'The URL at which people reach this installation. Links in emails begin with it, never with the host of a request.',
  ),
  DENIZEN_SMTP_URL: define(
    z.string().transform(parseSmtpUrl).optional(),
    '(embedded: emails are written to <data dir>/outbox)',
    'Mail server, as smtp://user:password@host:587 or smtps://…:465. Without it installations on PostgreSQL send no email.',
  ),
  DENIZEN_MAIL_FROM: define(
    z.string().transform(parseSender).optional(),
    '(none)',
    'The sender of emails: Denizen <no-reply@example.com>. Required with DENIZEN_SMTP_URL.',
  ),
  ...signInDefinitions,
  ...retentionDefinitions,
}

/** Every setting with its default and meaning, in the order in which they are documented. */
export const settings: readonly Setting[] = Object.entries(definitions).map(([name, definition]) => ({
  name,
  default: definition.default,
  meaning: definition.meaning,
}))

/** Settings of the `denizen` command as a client; a process may have both kinds in its environment. */
export const clientSettings: readonly Setting[] = [
  {
    name: 'DENIZEN_URL',
    default: '(of the login in use or named, else http://localhost:4000)',
    meaning:
      'The server that the command talks to, like --url. A login under a new --context is at http://localhost:4000 unless --url or this names another.',
  },
  {
    name: 'DENIZEN_TOKEN',
    default: '(none)',
    meaning: 'A token to call with, instead of the saved login.',
  },
  { name: 'DENIZEN_CONTEXT', default: '(the one in use)', meaning: 'The saved login to use, like --context.' },
  {
    name: 'DENIZEN_TIMEOUT',
    default: '15',
    meaning:
      'Seconds after which a server that says nothing is given up; after 5 the command says that there is no answer yet. One that takes long, but still answers /healthz, is waited for.',
  },
]

type Shape = { readonly [Name in keyof typeof definitions]: (typeof definitions)[Name]['schema'] }

const schema = z.object(Object.fromEntries(Object.entries(definitions).map(([name, definition]) => [name, definition.schema])) as Shape)

/**
 * Reads the configuration from environment variables. An empty one counts as absent.
 * Throws `config.invalid`, with every variable that is wrong and what to do.
 */
export function readConfig(environment: Readonly<Record<string, string | undefined>>): Config {
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== undefined && value !== ''))
  const parsed = schema.safeParse(given)
  const issues: ConfigIssue[] = unknownNames(given)
  if (!parsed.success) {
    issues.push(...parsed.error.issues.map(({ path, message }) => ({ name: String(path[0]), message })))
    throw configInvalid({ issues })
  }
  const values = parsed.data
  if (values.DATABASE_URL !== undefined && values.DENIZEN_MASTER_KEY === undefined) issues.push(missingMasterKey())
  if (values.DENIZEN_SMTP_URL !== undefined && values.DENIZEN_MAIL_FROM === undefined) issues.push(missingSender)
  if (issues.length > 0) throw configInvalid({ issues })
  const database = databaseConfigOf(values)
  return {
    name: values.DENIZEN_NAME,
    database,
    dataDirectory: resolve(isMemory(values.DENIZEN_DATA_DIR) ? './denizen-data' : values.DENIZEN_DATA_DIR),
    host: values.DENIZEN_HOST,
    port: values.DENIZEN_PORT,
    closingDelay: values.DENIZEN_CLOSING_DELAY * 1000,
    masterKey: values.DENIZEN_MASTER_KEY ?? null,
    trustedProxies: values.DENIZEN_TRUSTED_PROXIES ?? [],
    logLevel: values.DENIZEN_LOG_LEVEL,
    poolSize: values.DENIZEN_POOL_SIZE,
    hashing: { workers: values.DENIZEN_HASH_WORKERS, queueLimit: values.DENIZEN_HASH_QUEUE },
    defaultOrganization: values.DENIZEN_DEFAULT_ORGANIZATION === 'none' ? null : values.DENIZEN_DEFAULT_ORGANIZATION,
    maxOwnedOrganizations: values.DENIZEN_MAX_OWNED_ORGANIZATIONS,
    purgeArchivedDays: values.DENIZEN_PURGE_ARCHIVED_DAYS ?? null,
    bodyLimit: values.DENIZEN_BODY_LIMIT ?? 128 * 1024,
    publicUrl: values.DENIZEN_PUBLIC_URL ?? listeningUrl(values.DENIZEN_HOST, values.DENIZEN_PORT),
    mail: mailOf(database, values.DENIZEN_SMTP_URL, senderNamed(values.DENIZEN_MAIL_FROM, values.DENIZEN_NAME), values.DENIZEN_NAME),
    signIn: signInConfigOf(values),
    retention: retentionOf(values),
  }
}

/** A sender without a name of its own has that of the installation. */
function senderNamed(from: Sender | undefined, name: string): Sender | undefined {
  return from?.name === '' ? { ...from, name } : from
}

function mailOf(database: DatabaseConfig, url: string | undefined, from: Sender | undefined, name: string): MailConfig {
  if (url !== undefined && from !== undefined) return { kind: 'smtp', url, from }
  if (database.kind !== 'embedded') return { kind: 'none' }
  return { kind: 'outbox', directory: join(database.directory, 'outbox'), from: from ?? { name, address: outboxAddress } }
}

const missingSender: ConfigIssue = {
  name: 'DENIZEN_MAIL_FROM',
  message: 'is required with DENIZEN_SMTP_URL: the sender of emails, for example Denizen <no-reply@example.com>',
}

function missingMasterKey(): ConfigIssue {
  const fresh = randomBytes(32).toString('base64url')
  return {
    name: 'DENIZEN_MASTER_KEY',
    message: `is required with DATABASE_URL. For a new database you can use this new one; keep it safe: DENIZEN_MASTER_KEY=${fresh}`,
  }
}

function unknownNames(given: Readonly<Record<string, unknown>>): ConfigIssue[] {
  const known = new Set([...Object.keys(definitions), ...clientSettings.map(({ name }) => name)])
  return Object.keys(given)
    .filter((name) => name.startsWith('DENIZEN_') && !known.has(name))
    .map((name) => ({ name, message: `is not a setting. ${suggestion(name, [...known])}` }))
}

/** Suggests a name that starts with this one, is nearly the same, or has a word in common. */
function suggestion(name: string, known: readonly string[]): string {
  const words = name.split('_').slice(1)
  const [nearest] = bySimilarity(name, known)
  const meant =
    known.find((candidate) => candidate.startsWith(name)) ??
    (nearest !== undefined && nearest.letters <= 2
      ? nearest.candidate
      : known.find((candidate) => words.some((word) => candidate.split('_').slice(1).includes(word))))
  return meant === undefined ? `Unset it; the settings are ${known.join(', ')}.` : `Did you mean ${meant}?`
}
