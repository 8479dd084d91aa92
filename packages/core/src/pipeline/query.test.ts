import { systemActor, userActor, type CallReport } from '@denizen/core'
import { bothDatabases, runnerOf, useWorld } from '@denizen/core/testing'
import { beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { defineQuery } from '../kernel/action.ts'
import { anyone } from '../kernel/rule.ts'
import { query } from '../kernel/signature.ts'

const system = systemActor('test')
const nothing = z.strictObject({})

/** A query that forgets what it is. */
const writing = defineQuery(query('test.write', { summary: 'Write', input: nothing, output: z.object({}) }), {
  allow: anyone,
  async handle({ open }) {
    await (await open()).execute(`insert into roles (id, name, created_at) values (gen_random_uuid(), 'by a query', now())`)
    return {}
  },
})

const sqlStates: string[] = []
const confessing = defineQuery(query('test.confess', { summary: 'Write, and say what came of it', input: nothing, output: z.object({}) }), {
  allow: anyone,
  async handle({ open }) {
    const em = await open()
    await em.execute(`update roles set description = 'x'`).catch((error: { code: string }) => void sqlStates.push(error.code))
    return {}
  },
})

const opening = defineQuery(query('test.openTwice', { summary: 'Open twice', input: nothing, output: z.object({ same: z.boolean() }) }), {
  allow: anyone,
  handle: async ({ open }) => ({ same: (await open()) === (await open()) }),
})

describe.each(bothDatabases)('a query on %s', (database) => {
  const world = useWorld({ database })

  test('that tries to write is refused by the database (25006)', async () => {
    const runner = runnerOf(world(), [writing, confessing])
    await expect(runner.run('test.write', {}, system)).rejects.toMatchObject({ code: 'request.internal' })
    expect(await world().rows(`select 1 from roles where name = 'by a query'`)).toEqual([])
    sqlStates.length = 0
    await runner.run('test.confess', {}, system)
    expect(sqlStates).toEqual(['25006'])
    expect(await world().rows(`select 1 from roles where description = 'x'`)).toEqual([])
  })

  test('gives its connection back, also after an error', async () => {
    const runner = runnerOf(world(), [writing])
    for (let round = 0; round < 20; round++) await runner.run('test.write', {}, system).catch(() => undefined)
    expect(await world().asSystem().users.list({ limit: 1 })).toBeDefined()
  })

  test('has one transaction, however often it opens it', async () => {
    expect(await runnerOf(world(), [opening]).run('test.openTwice', {}, system)).toEqual({ same: true })
  })
})

describe('a query', () => {
  const reports: CallReport[] = []
  const world = useWorld({ monitors: [{ observe: (report) => void reports.push(report) }] })
  beforeEach(() => void (reports.length = 0))

  test('answered from the principal sends the database nothing', async () => {
    const ada = await world().signUp()
    const watcher = await world().connect()
    // The server's own word: when it last heard from anybody but the watcher.
    const lastHeard = async () => {
      const { rows } = await watcher.query<{ at: string }>(
        'select max(query_start)::text as at from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
      )
      return rows[0]?.at
    }
    const before = await lastHeard()
    for (let round = 0; round < 50; round++) await ada.as.sessions.whoami()
    expect(await lastHeard()).toBe(before)
    await ada.as.users.current() // the positive control: this one reads
    expect(await lastHeard()).not.toBe(before)
  })

  test('takes no idempotency key and has no plan', async () => {
    const call = { actor: system, origin: { requestId: 'req_1', ip: null, userAgent: null }, idempotencyKey: 'k' }
    await expect(world().core.run('users.list', {}, call)).rejects.toMatchObject({ code: 'request.onlyCommands', kind: 'invalid' })
    await expect(world().core.plan('users.list', {}, call)).rejects.toMatchObject({ code: 'request.onlyCommands', kind: 'invalid' })
  })

  test('is seen by the monitors, as every call is', async () => {
    const ada = await world().signUp()
    reports.length = 0
    await ada.as.sessions.whoami()
    await world()
      .core.as(userActor(ada.principal), { requestId: 'req_seen' })
      .users.list()
      .catch(() => undefined)
    await world()
      .asSystem()
      .users.list({ limit: 0 })
      .catch(() => undefined)
    await world().asSystem().users.create({ username: 'watched' })
    await world()
      .asSystem()
      .users.create({ username: 'watched' })
      .catch(() => undefined)
    await world()
      .asAnonymous()
      .auth.signIn({ identifier: 'watched', password: 'x' })
      .catch(() => undefined)
    expect(reports.map(({ action, kind, actorKind, outcome }) => [action, kind, actorKind, outcome])).toEqual([
      ['sessions.whoami', 'query', 'user', 'ok'],
      ['users.list', 'query', 'user', 'denied'],
      ['users.list', 'query', 'system', 'invalid'],
      ['users.create', 'command', 'system', 'ok'],
      ['users.create', 'command', 'system', 'conflict'],
      ['auth.signIn', 'command', 'anonymous', 'unauthenticated'],
    ])
    expect(reports[1]).toMatchObject({ requestId: 'req_seen', durationMs: 0 })
  })

  test('that crashes is reported with its fault, and only there', async () => {
    const faults: unknown[] = []
    const crashing = defineQuery(query('test.crash', { summary: 'Crash', input: nothing, output: z.object({}) }), {
      allow: anyone,
      handle: async () => Promise.reject(new Error('a secret of the machine')),
    })
    const runner = runnerOf(world(), [crashing], [{ observe: ({ fault }) => void faults.push(fault) }])
    const error: unknown = await runner.run('test.crash', {}, system).catch((thrown: unknown) => thrown)
    expect(JSON.stringify(error)).not.toContain('secret')
    expect(error).toMatchObject({ code: 'request.internal', message: 'Internal error.' })
    expect(faults).toEqual([new Error('a secret of the machine')])
  })
})
