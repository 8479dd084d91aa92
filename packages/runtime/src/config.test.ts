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
      bodyLimit: 1_048_576,
    })
  })

  test('reads every setting', () => {
    const config = readConfig({
      DATABASE_URL: 'postgres://user:secret@db:5432/denizen',
      DENIZEN_DATA_DIR: '/var/lib/denizen',
      DENIZEN_HOST: '::',
      DENIZEN_PORT: '0',
      DENIZEN_MASTER_KEY: key,
      DENIZEN_TRUSTED_PROXIES: '10.0.0.0/8, ::1',
      DENIZEN_LOG_LEVEL: 'warn',
      DENIZEN_POOL_SIZE: '20',
      DENIZEN_HASH_WORKERS: '3',
      DENIZEN_HASH_QUEUE: '5',
      DENIZEN_DEFAULT_ORGANIZATION: 'default',
      DENIZEN_BODY_LIMIT: '512KB',
    })
    expect(config).toEqual({
      database: { kind: 'postgres', url: 'postgres://user:secret@db:5432/denizen' },
      dataDirectory: '/var/lib/denizen',
      host: '::',
      port: 0,
      masterKey: new Uint8Array(32).fill(7),
      trustedProxies: ['10.0.0.0/8', '::1'],
      logLevel: 'warn',
      poolSize: 20,
      hashing: { workers: 3, queueLimit: 5 },
      defaultOrganization: 'default',
      bodyLimit: 524_288,
    })
  })

  test('keeps nothing with memory://', () => {
    expect(readConfig({ DENIZEN_DATA_DIR: 'memory://' }).database).toEqual({ kind: 'memory' })
  })

  test.each([
    ['DATABASE_URL', 'mysql://db', 'must look like postgres://'],
    ['DENIZEN_PORT', '65536', 'from 0 to 65535'],
    ['DENIZEN_PORT', '4e3', 'whole number'],
    ['DENIZEN_PORT', '-1', 'whole number'],
    ['DENIZEN_MASTER_KEY', key.slice(1), '32 bytes in base64url'],
    ['DENIZEN_MASTER_KEY', `${key}=`, '32 bytes in base64url'],
    ['DENIZEN_TRUSTED_PROXIES', '10.0.0.0/33', '"10.0.0.0/33"'],
    ['DENIZEN_TRUSTED_PROXIES', '10.0.0.0/8,localhost', '"localhost"'],
    ['DENIZEN_TRUSTED_PROXIES', '::/0/0', '"::/0/0"'],
    ['DENIZEN_LOG_LEVEL', 'verbose', 'one of debug, info'],
    ['DENIZEN_POOL_SIZE', '0', 'from 1 to 500'],
    ['DENIZEN_HASH_WORKERS', 'two', 'from 1 to 64'],
    ['DENIZEN_DEFAULT_ORGANIZATION', 'My Org', 'slug'],
    ['DENIZEN_BODY_LIMIT', '1tb', 'such as 4mb'],
    ['DENIZEN_BODY_LIMIT', '10', 'from 1kb'],
    ['DENIZEN_HTTP_PORT', '4000', 'Did you mean DENIZEN_PORT?'],
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
    expect(issuesOf({ DENIZEN_URL: 'http://127.0.0.1:4000', DENIZEN_TOKEN: 'dnz_x' })).toEqual([])
  })

  test('every setting is in the table, with a meaning', () => {
    expect(settings).toHaveLength(12)
    for (const setting of settings) expect(setting.meaning).toMatch(/\.$/)
  })
})
