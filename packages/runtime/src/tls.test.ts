import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { prepare, startServer, type TestServer } from '@denizen/core/testing'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readConfig } from './config.ts'
import { pinoLogger } from './logger.ts'
import { createRuntime, type Runtime } from './runtime.ts'
import { selfSigned } from './testing/certificates.ts'

const logger = pinoLogger('silent')
let server: TestServer
let folder: string
/** The authorities: the server's own certificate, and another that has nothing to do with it. */
let [own, foreign] = ['', '']

beforeAll(async () => {
  const { certificate, key } = await selfSigned('localhost')
  folder = mkdtempSync(join(tmpdir(), 'denizen-tls-'))
  own = join(folder, 'own.pem')
  foreign = join(folder, 'foreign.pem')
  writeFileSync(own, certificate)
  writeFileSync(foreign, (await selfSigned('localhost')).certificate)
  const { cluster } = await prepare()
  server = await startServer(cluster, {
    settings: ['ssl=on', 'ssl_cert_file=server.crt', 'ssl_key_file=server.key', 'listen_addresses=localhost'],
    files: { 'server.crt': certificate, 'server.key': key, 'pg_hba.conf': 'hostssl all all all trust\n' },
  })
})
afterAll(async () => {
  await server.stop({ keepFiles: false })
  rmSync(folder, { recursive: true, force: true })
})

function urlWith(parameters: Readonly<Record<string, string>>, { host = 'localhost', database = 'postgres' } = {}): string {
  const url = new URL(server.url)
  url.hostname = host
  url.pathname = `/${database}`
  url.search = String(new URLSearchParams(parameters))
  return url.href
}

function open(DATABASE_URL: string): Promise<Runtime> {
  const DENIZEN_MASTER_KEY = Buffer.alloc(32, 7).toString('base64url')
  return createRuntime(readConfig({ DATABASE_URL, DENIZEN_MASTER_KEY }), { logger })
}

async function asOperator<Row extends object>(statement: string): Promise<Row[]> {
  const client = new Client({ connectionString: urlWith({}), ssl: { rejectUnauthorized: false } })
  await client.connect()
  try {
    return (await client.query<Row>(statement)).rows
  } finally {
    await client.end()
  }
}

describe('67: a server that takes only TLS', () => {
  test.each(['verify-full', 'verify-ca', 'require'])('C1: is used with sslmode=%s, by every connection', async (sslmode) => {
    await asOperator('create database of_denizen')
    const runtime = await open(urlWith({ sslmode, ...(sslmode !== 'require' && { sslrootcert: own }) }, { database: 'of_denizen' }))
    try {
      await runtime.start() // migrates too
      expect(await runtime.core.unreadiness()).toBeNull()
      const connections = await asOperator(
        `select application_name as name, bool_and(ssl) as encrypted from pg_stat_activity join pg_stat_ssl using (pid)
          where datname = 'of_denizen' group by 1 order by 1`,
      )
      expect(connections).toEqual(['denizen', 'denizen invalidation', 'denizen jobs'].map((name) => ({ name, encrypted: true })))
    } finally {
      await runtime.stop()
      await asOperator('drop database of_denizen with (force)')
    }
  })

  test.each([
    [
      'the certificate is of another authority',
      () => urlWith({ sslmode: 'verify-full', sslrootcert: foreign }),
      /TLS failed.*(self.signed|verify)/i,
    ],
    ['nobody vouches for the certificate', () => urlWith({ sslmode: 'verify-full' }), /TLS failed.*self.signed/i],
    [
      'the certificate names another host',
      () => urlWith({ sslmode: 'verify-full', sslrootcert: own }, { host: '127.0.0.1' }),
      /TLS failed.*127\.0\.0\.1/,
    ],
    ['TLS is not asked for', () => urlWith({}), /no pg_hba\.conf entry.*no encryption/],
    ['TLS is switched off', () => urlWith({ sslmode: 'disable' }), /no pg_hba\.conf entry.*no encryption/],
  ])('C1: is refused at the start when %s, and the reason said', async (_why, url, message) => {
    await expect(open(url())).rejects.toMatchObject({ code: 'database.refused', message: expect.stringMatching(message) })
  })

  test('C1: is used with any name for its host, where only the authority counts', async () => {
    const runtime = await open(urlWith({ sslmode: 'verify-ca', sslrootcert: own }, { host: '127.0.0.1' }))
    expect(runtime.database.kind).toBe('postgres')
    await runtime.stop()
  })
})
