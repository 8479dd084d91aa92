import { DenizenError } from '@denizen/core'
import { describe, expect, test } from 'vitest'
import { readConfig, settings, type ConfigIssue } from './config.ts'

const key = Buffer.alloc(32, 7).toString('base64url')

function issuesOf(environment: Record<string, string>): readonly ConfigIssue[] {
  try {
    readConfig(environment)
  } catch (error) {
    if (error instanceof DenizenError && error.code === 'config.invalid') return error.details['issues'] as readonly ConfigIssue[]
    throw error
  }
  return []
}

describe('readConfig', () => {
  test('is the embedded database on loopback when nothing is set', () => {
    expect(readConfig({ PATH: '/bin', DENIZEN_PORT: '' })).toMatchObject({
      database: { kind: 'embedded', directory: `${process.cwd()}/denizen-data` },
      host: '127.0.0.1',
      port: 4000,
      masterKey: null,
      trustedProxies: [],
      logLevel: 'info',
      poolSize: 10,
      hashing: { queueLimit: 64 },
      defaultOrganization: null,
      maxOwnedOrganizations: 10,
      purgeArchivedDays: null,
      bodyLimit: 131_072,
      publicUrl: 'http://localhost:4000',
      signIn: {
        signUp: 'open',
        requireVerifiedEmail: false,
        requireFactor: 'nobody',
        maxSessions: null,
        sessionExcess: 'evictOldest',
        maxImpersonations: 10,
        allowedOrigins: [],
        agentAudiences: [],
        passwords: { minimumAlone: 15, minimumWithFactor: 8, history: 0, maximumAgeDays: null },
        identityProviders: [],
      },
      retention: { endedSessionDays: 90, loginAttemptDays: 365 },
      mail: { kind: 'outbox', directory: `${process.cwd()}/denizen-data/outbox`, from: { name: 'Denizen', address: 'denizen@localhost' } },
    })
  })

  test('reads every setting', () => {
    const config = readConfig({
      DATABASE_URL: 'postgres://user:secret@db:5432/denizen',
      DENIZEN_DATA_DIR: '/var/lib/denizen',
      DENIZEN_NAME: ' Example Accounts ',
      DENIZEN_HOST: '::',
      DENIZEN_PORT: '0',
      DENIZEN_CLOSING_DELAY: '20',
      DENIZEN_MASTER_KEY: key,
      DENIZEN_TRUSTED_PROXIES: '10.0.0.0/8, ::1',
      DENIZEN_LOG_LEVEL: 'warn',
      DENIZEN_POOL_SIZE: '20',
      DENIZEN_HASH_WORKERS: '3',
      DENIZEN_HASH_QUEUE: '5',
      DENIZEN_DEFAULT_ORGANIZATION: 'default',
      DENIZEN_MAX_OWNED_ORGANIZATIONS: '3',
      DENIZEN_PURGE_ARCHIVED_DAYS: '365',
      DENIZEN_BODY_LIMIT: '512KB',
      DENIZEN_PUBLIC_URL: 'https://id.example.com/denizen/',
      DENIZEN_SESSION_HISTORY_DAYS: '45',
      DENIZEN_LOGIN_HISTORY_DAYS: 'none',
      DENIZEN_SMTP_URL: 'smtps://user:p%40ss@mail.example.com',
      DENIZEN_MAIL_FROM: '"Denizen, Inc." <no-reply@example.com>',
    })
    expect(config).toEqual({
      database: { kind: 'postgres', url: 'postgres://user:secret@db:5432/denizen', directUrl: null, schema: 'public' },
      dataDirectory: '/var/lib/denizen',
      name: 'Example Accounts',
      host: '::',
      port: 0,
      closingDelay: 20_000,
      masterKey: new Uint8Array(32).fill(7),
      trustedProxies: ['10.0.0.0/8', '::1'],
      logLevel: 'warn',
      poolSize: 20,
      hashing: { workers: 3, queueLimit: 5 },
      defaultOrganization: 'default',
      maxOwnedOrganizations: 3,
      purgeArchivedDays: 365,
      bodyLimit: 524_288,
      publicUrl: 'https://id.example.com/denizen',
      signIn: expect.objectContaining({ signUp: 'open', maxSessions: null }),
      retention: { endedSessionDays: 45, loginAttemptDays: null },
      mail: { kind: 'smtp', url: 'smtps://user:p%40ss@mail.example.com', from: { name: 'Denizen, Inc.', address: 'no-reply@example.com' } },
    })
  })

  test('keeps nothing with memory://', () => {
    expect(readConfig({ DENIZEN_DATA_DIR: 'memory://' }).database).toEqual({ kind: 'memory' })
  })

  test('O13: a sender without a name of its own has that of the installation', () => {
    const sender = { DENIZEN_SMTP_URL: 'smtp://127.0.0.1:2525', DENIZEN_MAIL_FROM: 'no-reply@example.com', DENIZEN_NAME: 'Example' }
    expect(readConfig(sender).mail).toMatchObject({ from: { name: 'Example', address: 'no-reply@example.com' } })
    expect(readConfig({ DENIZEN_NAME: 'Example' }).mail).toMatchObject({ from: { name: 'Example', address: 'denizen@localhost' } })
    expect(issuesOf({ DENIZEN_NAME: 'two\nlines' })[0]).toMatchObject({ name: 'DENIZEN_NAME' })
  })

  test('mail goes to a server, into files beside the embedded database, or nowhere', () => {
    const kindOf = (environment: Record<string, string>) => readConfig(environment).mail.kind
    const smtp = { DENIZEN_SMTP_URL: 'smtp://127.0.0.1:2525', DENIZEN_MAIL_FROM: 'denizen@localhost' }
    const postgres = { DATABASE_URL: 'postgres://127.0.0.1/denizen', DENIZEN_MASTER_KEY: key }
    expect([kindOf({}), kindOf({ DENIZEN_DATA_DIR: 'memory://' }), kindOf(postgres)]).toEqual(['outbox', 'none', 'none'])
    expect([kindOf(smtp), kindOf({ ...smtp, ...postgres })]).toEqual(['smtp', 'smtp'])
    expect(issuesOf({ DENIZEN_SMTP_URL: 'smtp://user:canary@mail.example.com' })).toEqual([
      { name: 'DENIZEN_MAIL_FROM', message: expect.stringContaining('required with DENIZEN_SMTP_URL') },
    ])
  })

  test.each([
    [{ DENIZEN_HOST: '0.0.0.0', DENIZEN_PORT: '80' }, 'http://localhost:80'],
    [{ DENIZEN_HOST: '::' }, 'http://localhost:4000'],
    [{ DENIZEN_HOST: 'id.internal' }, 'http://id.internal:4000'],
  ])('links lead by default to where it listens: %j', (environment, url) => {
    expect(readConfig(environment).publicUrl).toBe(url)
  })

  test.each([
    ['DATABASE_URL', 'mysql://db', 'must look like postgres://'],
    ['DATABASE_URL', 'postgres://db', 'must name a database'],
    ['DATABASE_URL', 'postgres://u:5/canary@db/d', '%40 %2F %3F'],
    ['DATABASE_URL', 'postgres://u:1?sslmode=canary@db/d', '%40 %2F %3F'],
    ['DATABASE_URL', 'postgres://u:1?canary=et@db:5432/d', '%40 %2F %3F'],
    ['DATABASE_URL', 'postgres://u:canary@db/d?schema=x', 'not known: schema. Set DENIZEN_DATABASE_SCHEMA'],
    ['DATABASE_URL', 'postgres://db/d?options=-csearch_path%3Dx', 'not known: options'],
    ['DATABASE_URL', 'postgres://db/d?ssl=true', 'Use sslmode'],
    ['DATABASE_URL', 'postgres://db/d?pgbouncer=true', 'not known: pgbouncer'],
    ['DATABASE_URL', 'postgres://db/d?sslmode=prefer', 'one of disable, require, verify-ca, verify-full'],
    ['DATABASE_URL', 'postgres://db/d?sslmode=verify-ca', 'sslrootcert'],
    ['DATABASE_URL', 'postgres://db/d?sslmode=verify-full&sslrootcert=/nowhere/ca.pem', '/nowhere/ca.pem'],
    ['DATABASE_URL', 'postgres://db/d?sslrootcert=/ca.pem', 'without an sslmode'],
    ['DATABASE_URL', 'postgres://db/d?sslmode=disable&sslmode=verify-full', 'sslmode twice'],
    ['DATABASE_URL', 'postgres://db/d?host=/a&host=/b', 'host twice'],
    ['DATABASE_URL', 'postgres://db/d?sslmode=require&sslrootcert=system', 'sslmode=verify-full'],
    ['DATABASE_URL', 'postgres://db/d?sslmode=verify-ca&sslrootcert=system', 'sslmode=verify-full'],
    ['DATABASE_URL', 'postgres://db/d?sslmode=verify-full&sslrootcert=', 'sslrootcert without a value'],
    ['DATABASE_URL', 'postgres://db/d?sslmode=require&sslcert=', 'sslcert without a value'],
    ['DATABASE_URL', 'postgres://db/d?connect_timeout=soon', 'number of seconds'],
    ['DENIZEN_DATABASE_DIRECT_URL', 'postgres://db/d?application=x', 'not known: application'],
    ['DENIZEN_DATABASE_SCHEMA', 'a"b', 'the name of a schema'],
    ['DENIZEN_DATABASE_SCHEMA', 'pg_catalog', 'not beginning with pg_'],
    ['DENIZEN_PORT', '65536', 'from 0 to 65535'],
    ['DENIZEN_PORT', '4e3', 'whole number'],
    ['DENIZEN_PORT', '-1', 'whole number'],
    ['DENIZEN_MASTER_KEY', key.slice(1), '32 bytes in base64url'],
    ['DENIZEN_MASTER_KEY', `${key}=`, '32 bytes in base64url'],
    ['DENIZEN_TRUSTED_PROXIES', '10.0.0.0/33', '"10.0.0.0/33"'],
    ['DENIZEN_SESSION_HISTORY_DAYS', '29', 'from 30 to 36500, or none'],
    ['DENIZEN_TRUSTED_PROXIES', '10.0.0.0/8,localhost', '"localhost"'],
    ['DENIZEN_TRUSTED_PROXIES', '::/0/0', '"::/0/0"'],
    ['DENIZEN_LOG_LEVEL', 'verbose', 'one of debug, info'],
    ['DENIZEN_POOL_SIZE', '0', 'from 1 to 500'],
    ['DENIZEN_HASH_WORKERS', 'two', 'from 1 to 64'],
    ['DENIZEN_DEFAULT_ORGANIZATION', 'My Org', 'slug'],
    ['DENIZEN_MAX_OWNED_ORGANIZATIONS', '-1', 'from 0 to 1000000'],
    ['DENIZEN_PURGE_ARCHIVED_DAYS', '29', 'from 30 to 36500, or none'],
    ['DENIZEN_BODY_LIMIT', '1tb', 'such as 4mb'],
    ['DENIZEN_BODY_LIMIT', '10', 'from 1kb'],
    ['DENIZEN_PUBLIC_URL', 'id.example.com', 'https://id.example.com'],
    ['DENIZEN_PUBLIC_URL', 'javascript:alert(1)', 'https://id.example.com'],
    ['DENIZEN_PUBLIC_URL', 'https://user:pass@id.example.com', 'without user'],
    ['DENIZEN_PUBLIC_URL', 'https://id.example.com/?x=1', 'without user, query'],
    ['DENIZEN_SMTP_URL', 'mail.example.com', 'smtp://user:password@host'],
    ['DENIZEN_SMTP_URL', 'https://mail.example.com', 'smtp://user:password@host'],
    ['DENIZEN_SMTP_URL', 'smtp://mail.example.com/?pool=true', 'smtp://user:password@host'],
    ['DENIZEN_MAIL_FROM', 'Denizen', 'no-reply@example.com'],
    ['DENIZEN_MAIL_FROM', 'Denizen <no-reply@example.com>, eve@example.com', 'no-reply@example.com'],
    ['DENIZEN_MAIL_FROM', 'Deni\r\nBcc: eve@example.com\r\n <no-reply@example.com>', 'no-reply@example.com'],
    ['DENIZEN_HTTP_PORT', '4000', 'Did you mean DENIZEN_PORT?'],
    ['DENIZEN_PROT', '4000', 'Did you mean DENIZEN_PORT?'],
    ['DENIZEN_XYZ', '1', 'the settings are DATABASE_URL'],
  ])('refuses %s=%s by name', (name, value, message) => {
    expect(issuesOf({ [name]: value })).toEqual([{ name, message: expect.stringContaining(message) }])
  })

  test('names everything that is wrong at once', () => {
    expect(
      issuesOf({ DENIZEN_PORT: 'x', DENIZEN_POOL_SIZE: 'x', DENIZEN_NOPE: 'x' })
        .map(({ name }) => name)
        .toSorted(),
    ).toEqual(['DENIZEN_NOPE', 'DENIZEN_POOL_SIZE', 'DENIZEN_PORT'])
  })

  test('asks for a master key with DATABASE_URL and offers a fresh one that works', () => {
    const DATABASE_URL = 'postgres://127.0.0.1/denizen'
    const [issue] = issuesOf({ DATABASE_URL })
    const offered = /DENIZEN_MASTER_KEY=(\S+)/.exec(issue?.message ?? '')?.[1] ?? ''
    expect(readConfig({ DATABASE_URL, DENIZEN_MASTER_KEY: offered }).masterKey).toHaveLength(32)
    expect(issuesOf({ DATABASE_URL })[0]?.message).not.toContain(offered)
  })

  test("lets the command's own settings be", () => {
    expect(issuesOf({ DENIZEN_URL: 'http://127.0.0.1:4000', DENIZEN_TOKEN: 'dnz_x', DENIZEN_CONTEXT: 'staging' })).toEqual([])
  })

  test('every setting is in the table, with a meaning', () => {
    expect(settings).toHaveLength(36)
    for (const setting of settings) expect(setting.meaning).toMatch(/\.$/)
  })
})
