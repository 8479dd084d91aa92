import { randomBytes } from 'node:crypto'
import { createCore, defaultPorts, fetchingWeb, systemClock, type Clock, type Core, type Ports } from '@denizen/core'
import { countRows, createPostgres, People, testPorts, type TestMailer, type TestProvider } from '@denizen/core/testing'
import { Client } from 'pg'
import { localProvider } from './identity-provider.ts'
import type { Environment } from './processes.ts'

/** A PostgreSQL database of one's own, seen past every server: to set up, and to look at what is written. */
export interface SystemDatabase {
  readonly url: string
  /** What a server needs to use it. */
  readonly environment: Environment
  /** Denizen in this process, on the same database. */
  readonly core: Core
  readonly people: People
  readonly ports: Ports
  /** The identity provider that is configured, whose tokens are of the same clock. */
  readonly provider: TestProvider
  /** What Denizen in this process has mailed. */
  readonly mailer: TestMailer
  rows<Row extends object>(statement: string, parameters?: readonly unknown[]): Promise<Row[]>
  /** How many rows every table has. */
  counts(): Promise<Readonly<Record<string, number>>>
  /** A connection of one's own. It is closed with the database. */
  connect(): Promise<Client>
  close(options?: { keep: boolean }): Promise<void>
}

interface DatabaseOptions {
  /** Default: the machine's, as a server's is. */
  readonly clock?: Clock
  readonly invalidation?: Ports['invalidation']
}

export async function openDatabase({ clock = systemClock, invalidation }: DatabaseOptions = {}): Promise<SystemDatabase> {
  const database = await createPostgres({ connections: 4, empty: false })
  const { orm, url } = database
  if (url === null) throw new Error('PostgreSQL has a URL')
  // What this process seals and derives, a server has to be able to open and to derive again.
  const masterKey = randomBytes(32)
  const { cipher } = await defaultPorts(masterKey)
  const ports = { ...(await testPorts()), clock, cipher, web: fetchingWeb(), ...(invalidation && { invalidation }) }
  const { provider, file } = await localProvider(clock)
  const core = createCore({ orm, ports, settings: { identityProviders: [provider.settings] } })
  await core.start()
  const clients: Client[] = []
  const rows = <Row extends object>(statement: string, parameters: readonly unknown[] = []) =>
    orm.em.fork().execute<Row[]>(statement, [...parameters])
  return {
    url,
    environment: { DATABASE_URL: url, DENIZEN_MASTER_KEY: masterKey.toString('base64url'), DENIZEN_IDENTITY_PROVIDERS: file },
    core,
    people: new People(core, orm, ports),
    ports,
    provider,
    mailer: ports.mailer,
    rows,
    counts: () => countRows(rows),
    async connect() {
      const client = new Client({ connectionString: url, application_name: 'system test' })
      client.on('error', () => {}) // the database may be dropped under it
      await client.connect()
      clients.push(client)
      return client
    },
    async close({ keep } = { keep: false }) {
      await core.stop()
      await Promise.all(clients.map((client) => client.end()))
      await database.close({ keep })
    },
  }
}
