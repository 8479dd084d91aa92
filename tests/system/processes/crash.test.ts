import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createClient } from '@denizen/client'
import { createCore, defaultPorts, idOf, systemClock, type Orm } from '@denizen/core'
import type { Calls } from '@denizen/core/calls'
import { People, testPorts } from '@denizen/core/testing'
import { openDatabase as openRuntimeDatabase, pinoLogger } from '@denizen/runtime'
import { afterAll, expect, it } from 'vitest'
import { openDatabase } from '../../database.ts'
import { eventually, within } from '../../deadlines.ts'
import { denizenToEnd, endPrograms, startServer, type Environment, type ServerProgram } from '../../processes.ts'

/** On each kind of database: five, ten in all; `.ci/run` asks for 10 on each. */
const kills = Number(process.env['DENIZEN_TEST_KILLS'] ?? 5)
/** Acknowledged by each server before it is killed. */
const fewestOfEach = 50
/** Creates in flight at any moment, each in a request of its own. */
const streams = 8

const directories: string[] = []
afterAll(async () => {
  await endPrograms()
  await Promise.all(directories.map((directory) => rm(directory, { recursive: true, force: true })))
})

// Side by side: what takes the time is programs that start.
it.concurrent('56: keeps every acknowledged user through kill -9 on PostgreSQL, and none half-made', async () => {
  const database = await openDatabase()
  const { token } = await database.people.asSuperadmin()
  const acknowledged = await streamThroughKills('PostgreSQL', database.environment, token)
  await expectWhole(database.rows, acknowledged)
  await database.close()
})

it.concurrent('56: keeps every acknowledged user through kill -9 on the embedded database, and none half-made', async () => {
  const environment = await embedded()
  const token = await inEmbedded(environment, async (people) => (await people.asSuperadmin()).token)
  const acknowledged = await streamThroughKills('embedded', environment, token)
  await inEmbedded(environment, async (_people, orm) => {
    await expectWhole((statement) => orm.em.fork().execute(statement), acknowledged)
  })
})

it.concurrent('54: refuses a second process on an embedded directory, naming the first', async () => {
  const environment = await embedded()
  const server = await startServer(environment)
  const second = await denizenToEnd(['serve'], { ...environment, DENIZEN_PORT: '0' })
  expect(second.code).not.toBe(0)
  expect(second.stderr()).toContain(`process ${server.pid} `)
  expect(second.stderr()).toContain(`http://localhost:${new URL(server.url).port}`)
  expect(second.stderr()).not.toMatch(/^\s+at /m)
  await server.end('SIGKILL')
  const third = await startServer(environment)
  expect(await third.end('SIGTERM')).toEqual({ code: 0, signal: null })
})

/** Emails of the users whose creation was answered. */
async function streamThroughKills(kind: string, environment: Environment, token: string): Promise<string[]> {
  const acknowledged: string[] = []
  const starts: number[] = []
  let next = 0
  for (let kill = 0; kill < kills; kill++) {
    const startedAt = performance.now()
    const server = await startServer(environment)
    starts.push(performance.now() - startedAt)
    const connect = (): Calls => createClient({ url: server.url, token })
    const last = acknowledged.at(-1)
    if (last !== undefined) expect(await connect().users.find({ identifier: last }), `${last}, made before kill ${kill}`).not.toBeNull()
    const enough = acknowledged.length + fewestOfEach + Math.floor(Math.random() * fewestOfEach)
    const streaming = Array.from({ length: streams }, () => stream(connect(), () => `user-${next++}@example.com`, acknowledged))
    await killAtRandom(server, () => acknowledged.length >= enough)
    await within(20_000, 'the streams noticing that the server is dead', Promise.all(streaming))
  }
  starts.sort((a, b) => a - b)
  console.log(
    `${kind}: ${kills} kills, ${acknowledged.length} acknowledged of ${next} sent; ready after ${starts[kills >> 1]?.toFixed(0)} ms (median), ${starts.at(-1)?.toFixed(0)} ms (worst)`,
  )
  expect(acknowledged.length).toBeGreaterThanOrEqual(fewestOfEach * kills)
  return acknowledged
}

/** Creates users one after the other until the server is gone. */
async function stream(client: Calls, email: () => string, acknowledged: string[]): Promise<void> {
  for (;;) {
    const address = email()
    try {
      await client.users.create({ email: address })
    } catch (error) {
      expect(error).toMatchObject({ code: 'client.unreachable' })
      return
    }
    acknowledged.push(address)
  }
}

/** After so many have been acknowledged, and then at any point of those that are under way. */
async function killAtRandom(server: ServerProgram, enough: () => boolean): Promise<void> {
  await eventually(30_000, 'enough creates being acknowledged', async () => enough())
  await sleep(Math.random() * 20)
  expect(await server.end('SIGKILL')).toEqual({ code: null, signal: 'SIGKILL' })
}

interface Traces {
  readonly id: string
  readonly email: string
  readonly assignments: number
  readonly entries: number
  readonly events: number
}

/** Every row of a create is there or none is. */
async function expectWhole(
  rows: <Row extends object>(statement: string) => Promise<Row[]>,
  acknowledged: readonly string[],
): Promise<void> {
  const made = await rows<Traces>(`
    select u.id::text, u.email,
      (select count(*)::int from role_assignments a join roles r on r.id = a.role_id where a.user_id = u.id and r.name = 'user') as assignments
    from users u where u.email like 'user-%'`)
  const entries = await counted(
    rows,
    `select target_id as id, count(*)::int from audit_entries where action = 'users.create' and outcome = 'succeeded' group by 1`,
  )
  const events = await counted(rows, `select subject as id, count(*)::int from events where type = 'users.created' group by 1`)
  const emails = new Set(made.map(({ email }) => email))
  expect(
    acknowledged.filter((email) => !emails.has(email)),
    'acknowledged and lost',
  ).toEqual([])
  const halfMade = made.filter(({ id, assignments }) => {
    const typed = idOf('usr', id)
    return assignments !== 1 || entries.get(typed) !== 1 || events.get(typed) !== 1
  })
  expect(halfMade, 'half-made').toEqual([])
  const all = new Set((await rows<{ id: string }>('select id::text from users')).map(({ id }) => idOf('usr', id) as string))
  expect(
    [...entries.keys(), ...events.keys()].filter((id) => !all.has(id)),
    'entries and events of nobody',
  ).toEqual([])
}

async function counted(rows: <Row extends object>(statement: string) => Promise<Row[]>, statement: string): Promise<Map<string, number>> {
  return new Map((await rows<{ id: string; count: number }>(statement)).map(({ id, count }) => [id, count]))
}

async function embedded(): Promise<Environment> {
  const directory = await mkdtemp(join(tmpdir(), 'denizen-crash-'))
  directories.push(directory)
  return { DENIZEN_DATA_DIR: directory, DENIZEN_MASTER_KEY: randomBytes(32).toString('base64url') }
}

/** Does something with an embedded database in this process, and lets go of it. */
async function inEmbedded<T>(environment: Environment, work: (people: People, orm: Orm) => Promise<T>): Promise<T> {
  const directory = environment['DENIZEN_DATA_DIR'] ?? ''
  const database = await openRuntimeDatabase({ database: { kind: 'embedded', directory }, poolSize: 1 }, pinoLogger('warn'))
  try {
    await database.migrations.up()
    const { cipher } = await defaultPorts(Buffer.from(environment['DENIZEN_MASTER_KEY'] ?? '', 'base64url'))
    const ports = { ...(await testPorts()), cipher, clock: systemClock }
    const core = createCore({ orm: database.orm, ports })
    await core.start()
    const result = await work(new People(core, database.orm, ports), database.orm)
    await core.stop()
    return result
  } finally {
    await database.close()
  }
}
