import { userInfo } from 'node:os'
import { checkServerIdentity, type ConnectionOptions } from 'node:tls'
import { parse } from 'pg-connection-string'
import { hostAndPort } from './host-and-port.ts'

/** A server and how to reach it, as every connection of Denizen uses it. */
export interface PostgresServer {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: string | undefined
  readonly database: string
  /** false: in clear. */
  readonly ssl: false | ConnectionOptions
  readonly applicationName: string
  /** Milliseconds to connect; undefined: the usual. */
  readonly connectTimeout: number | undefined
}

/** `sslmode` as libpq means it. `prefer` and `allow` go on in clear when the server has no TLS, so they promise nothing. */
const tlsModes = ['disable', 'require', 'verify-ca', 'verify-full']
const parameters = ['sslmode', 'sslrootcert', 'sslcert', 'sslkey', 'application_name', 'connect_timeout', 'host']
const instead: Readonly<Record<string, string>> = {
  schema: 'Set DENIZEN_DATABASE_SCHEMA.',
  options: 'For another schema set DENIZEN_DATABASE_SCHEMA; other parameters belong to the role (alter role … set …).',
  ssl: `Use sslmode: ${tlsModes.join(', ')}.`,
}

/**
 * The only parser of DATABASE_URL. What it does not know it refuses: a parameter that one connection obeys and
 * another ignores may be the one that encrypts them.
 * Throws an Error that says what is wrong, without the password.
 */
export function parseDatabaseUrl(text: string): PostgresServer {
  if (!URL.canParse(text) || !/^postgres(ql)?:$/.test(new URL(text).protocol) || cutsThePassword(text))
    throw new Error(`must look like postgres://user:password@host:5432/database; ${encoded}`)
  const url = new URL(text)
  checkParameters([...url.searchParams])
  const config = parsed(url)
  if (typeof config.database !== 'string') throw new Error('must name a database, as in postgres://user:password@host:5432/database')
  const host = config.host ?? ''
  const mode = url.searchParams.get('sslmode')
  return {
    host: host === '' ? 'localhost' : host,
    port: Number(config.port) || 5432,
    user: config.user || process.env['PGUSER'] || userInfo().username,
    password: config.password || process.env['PGPASSWORD'] || undefined,
    database: config.database,
    ssl: mode === null || mode === 'disable' ? false : tlsOf(config.ssl, mode === 'verify-full' ? host : null),
    applicationName: url.searchParams.get('application_name') ?? 'denizen',
    connectTimeout: secondsOf(url.searchParams.get('connect_timeout')),
  }
}

const encoded = 'in the user and the password, @ / ? and # are written %40 %2F %3F and %23'

/** Whether user and password seem to end at a letter of the password, so that the rest of it would be taken for a database or a parameter, and told. */
function cutsThePassword(text: string): boolean {
  const [, authority = '', rest = ''] = /^\w+:\/\/([^/?#]*)(.*)$/s.exec(text) ?? []
  return !authority.includes('@') && rest.replace(/^(\/[^/?#]+)\?.*$/s, '$1').includes('@')
}

/** Of one that is said twice, or is empty, two programs understand two things. */
function checkParameters(given: readonly (readonly [string, string])[]): void {
  for (const [index, [name, value]] of given.entries()) {
    if (!parameters.includes(name))
      throw new Error(`has a parameter that is not known: ${name}. ${instead[name] ?? `Known are ${parameters.join(', ')}.`}`)
    if (given.findIndex(([other]) => other === name) < index) throw new Error(`has ${name} twice; keep one of them`)
    if (value === '') throw new Error(`has ${name} without a value; give it one, or leave it out`)
  }
}

type Parsed = { readonly [Key in 'host' | 'port' | 'user' | 'password' | 'database']?: string | null } & { readonly ssl?: unknown }

function parsed(url: URL): Parsed {
  const { searchParams } = url
  const mode = searchParams.get('sslmode')
  if (mode !== null && !tlsModes.includes(mode)) throw new Error(`has sslmode=${mode}; it must be one of ${tlsModes.join(', ')}`)
  if (mode === null && parameters.some((name) => name.startsWith('ssl') && searchParams.has(name)))
    throw new Error(`names certificates without an sslmode: ${tlsModes.join(', ')}`)
  // `system` is libpq's word for the authorities that the machine trusts, which is what Node does without a file.
  // Like libpq it takes no weaker mode with them: anybody has a certificate of one of these authorities.
  if (searchParams.get('sslrootcert') === 'system') {
    if (mode !== 'verify-full') throw new Error(`has sslrootcert=system with sslmode=${mode}; it needs sslmode=verify-full`)
    searchParams.delete('sslrootcert')
  } else if (mode === 'verify-ca' && !searchParams.has('sslrootcert'))
    throw new Error('has sslmode=verify-ca, which needs the authority: sslrootcert=/path/to/ca.pem')
  try {
    return parse(url.href, { useLibpqCompat: true }) as Parsed
  } catch (error) {
    throw new Error(`cannot be used: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
  }
}

/** Node compares the certificate with `localhost` where the host is an address, so the host is named here. */
function tlsOf(options: unknown, expected: string | null): ConnectionOptions {
  const given = typeof options === 'object' && options !== null ? (options as ConnectionOptions) : {}
  return expected === null ? given : { ...given, checkServerIdentity: (_host, certificate) => checkServerIdentity(expected, certificate) }
}

function secondsOf(text: string | null): number | undefined {
  if (text === null) return undefined
  if (!/^[1-9]\d{0,3}$/.test(text)) throw new Error(`has connect_timeout=${text}; it must be a number of seconds`)
  return Number(text) * 1000
}

/** Where it is, for people: never with the password. */
export function placeOf({ host, port, database }: PostgresServer): string {
  return host.startsWith('/') ? `${host} (${database})` : `${hostAndPort(host, port)}/${database}`
}
