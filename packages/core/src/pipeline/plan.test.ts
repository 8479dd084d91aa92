import { systemActor, userActor, type Job, type OutputOf, type Plan, type Signatures } from '@denizen/core'
import { bothDatabases, newEmail, password, runnerOf, useWorld, type World } from '@denizen/core/testing'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { defineCommand } from '../kernel/action.ts'
import { defineError } from '../kernel/errors.ts'
import { anyone } from '../kernel/rule.ts'
import { command } from '../kernel/signature.ts'

/** What every command writes about itself, and the database to keep count: a plan leaves it out. */
const bookkeeping = [
  'audit_entries',
  'events',
  'invalidations',
  'idempotency_keys',
  'user_counters',
  'user_creation_counters',
  'role_counters',
]

/** What a call changes, measured from outside: the rows that are there afterwards and were not before, or differ. */
async function measured(world: World, work: () => Promise<unknown>): Promise<{ rows: Plan['rows']; events: Plan['events'] }> {
  const before = await contents(world)
  await work()
  const after = await contents(world)
  const rows: Record<string, Plan['rows'][string]> = {}
  for (const [table, now] of after) {
    const then = before.get(table) ?? new Map<string, string>()
    const inserted = [...now.keys()].filter((key) => !then.has(key)).length
    const deleted = [...then.keys()].filter((key) => !now.has(key)).length
    const updated = [...now].filter(([key, row]) => then.has(key) && then.get(key) !== row).length
    if (inserted + deleted + updated > 0 && !bookkeeping.includes(table)) rows[table] = { inserted, updated, deleted }
  }
  const events: Record<string, number> = {}
  for (const [key, row] of after.get('events') ?? []) {
    const { type } = JSON.parse(row) as { type: string }
    if (before.get('events')?.has(key) === false) events[type] = (events[type] ?? 0) + 1
  }
  return { rows, events }
}

/** Every row of every table, by its key. */
async function contents(world: World): Promise<Map<string, Map<string, string>>> {
  const tables = new Map<string, Map<string, string>>()
  for (const table of Object.keys(await world.counts())) {
    const rows = await world.rows<{ row: string }>(`select to_jsonb(t)::text as row from "${table}" t`)
    tables.set(table, new Map(rows.map(({ row }) => [keyOf(row), row])))
  }
  return tables
}

function keyOf(row: string): string {
  const { id, user_id, name, scope, key } = JSON.parse(row) as Readonly<Record<string, unknown>>
  return JSON.stringify([id, id === undefined ? [user_id, name, scope, key] : null])
}

describe.each(bothDatabases)('a plan on %s', (database) => {
  const world = useWorld({ database, settings: { defaultOrganization: 'default' } })

  test('of users.create changes nothing, and is what happens then', async () => {
    const { asSystem, counts } = { asSystem: () => world().asSystem(), counts: () => world().counts() }
    const input = { email: newEmail(), password }
    const before = await counts()
    const planned = await asSystem().users.create.plan(input)
    expect(await counts()).toEqual(before)
    const { rows, events } = await measured(world(), () => asSystem().users.create(input))
    expect(planned).toEqual({ rows, events, jobs: {}, failed: [], sessionsEnded: 0, tokensEnded: 0 })
    expect(rows).toMatchObject({
      users: { inserted: 1 },
      passwords: { inserted: 1 },
      role_assignments: { inserted: 1 },
      memberships: { inserted: 1 },
    })
  })

  test('of users.setStatus counts the sessions and tokens that end', async () => {
    const user = await world().newUser()
    for (let session = 0; session < 3; session++) await world().signIn(user)
    const input = { userId: user.id, status: 'suspended', reason: 'test' } as const
    const planned = await world().asSystem().users.setStatus.plan(input)
    expect(planned).toMatchObject({ sessionsEnded: 3, tokensEnded: 3, events: { 'users.statusChanged': 1 } })
    const { rows, events } = await measured(world(), async () => {
      expect(await world().asSystem().users.setStatus(input)).toMatchObject({ sessionsEnded: 3, tokensEnded: 3 })
    })
    expect(planned).toEqual({ rows, events, jobs: {}, failed: [], sessionsEnded: 3, tokensEnded: 3 })
  })

  test('of users.import leaves out the rows that fail', async () => {
    await world().newUser({ username: 'taken-already' })
    const realm = {
      realm: 'r',
      roles: { realm: [{ name: 'editor' }] },
      users: [{ username: 'taken-already' }, { username: 'newcomer', realmRoles: ['editor'] }],
    }
    const input = { format: 'keycloak', realm, createRoles: true } as const
    const planned = await world().asSystem().users.import.plan(input)
    expect(planned.events).toEqual({ 'users.created': 1 })
    let imported: OutputOf<Signatures['users']['import']> | undefined
    const { rows, events } = await measured(world(), async () => (imported = await world().asSystem().users.import(input)))
    const failed = imported?.failed.map(({ username: _, ...failure }) => failure)
    expect(failed).toMatchObject([{ index: 0, code: 'users.usernameTaken' }])
    expect(planned).toEqual({
      answer: expect.objectContaining({ created: 1 }),
      rows,
      events,
      jobs: {},
      failed,
      sessionsEnded: 0,
      tokensEnded: 0,
    })
  })

  test('fails as the command would', async () => {
    const user = await world().newUser()
    await expect(
      world()
        .asSystem()
        .users.create.plan({ email: user.email ?? '' }),
    ).rejects.toMatchObject({ code: 'users.emailTaken' })
    await expect(world().asSystem().users.create.plan({})).rejects.toMatchObject({ code: 'request.invalid' })
    const nobody = await world().signUp()
    await expect(nobody.as.users.create.plan({ email: newEmail() })).rejects.toMatchObject({ code: 'request.denied' })
  })

  test('of users.create with ifAbsent, when it is there already, is nothing', async () => {
    const user = await world().newUser()
    const planned = await world()
      .asSystem()
      .users.create.plan({ email: user.email ?? '', ifAbsent: true })
    expect(planned).toEqual({ rows: {}, events: {}, jobs: {}, failed: [], sessionsEnded: 0, tokensEnded: 0 })
  })

  test('leaves the sessions of its user in memory', async () => {
    const ada = await world().signUp()
    await world().asSystem().users.setStatus.plan({ userId: ada.user.id, status: 'suspended' })
    expect(world().core.authenticated(ada.token)).toBeDefined()
    expect(await ada.as.auth.signOut.plan()).toMatchObject({ sessionsEnded: 1, tokensEnded: 1 })
    expect(world().core.authenticated(ada.token)).toBeDefined()
  })

  test('of what proves a secret does not exist', async () => {
    const user = await world().newUser()
    const call = world().asAnonymous().auth.signIn.plan({ identifier: user.id, password: 'wrong' })
    await expect(call).rejects.toMatchObject({ code: 'request.notPlannable', kind: 'invalid' })
    expect(await world().rows('select 1 from login_attempts where user_id is not null and outcome = ?', ['wrongPassword'])).toEqual([])
  })
})

describe('a plan', () => {
  const queued: Job[] = []
  const world = useWorld({ ports: { jobs: { enqueue: async (_em, jobs) => void queued.push(...jobs), forget: async () => 0 } } })

  test('counts jobs and queues none; a refusal is its error, and is not kept', async () => {
    const busy = defineCommand(
      command('test.busy', { summary: 'Queue', input: z.strictObject({ refuse: z.boolean() }), output: z.object({}) }),
      {
        allow: anyone,
        async handle(context, { refuse }) {
          for (const name of ['test.mail', 'test.mail', 'test.index']) context.enqueue({ name, payload: {} })
          await context.em.execute(`insert into roles (id, name, created_at) values (gen_random_uuid(), 'planned', now())`)
          return refuse ? context.refuse(defineError('test.refused', 'conflict', 'Refused.')({})) : {}
        },
      },
    )
    const runner = runnerOf(world(), [busy])
    const planned = await runner.plan('test.busy', { refuse: false }, systemActor('test'))
    expect(planned).toEqual({
      rows: { roles: { inserted: 1, updated: 0, deleted: 0 } },
      jobs: { 'test.mail': 2, 'test.index': 1 },
      events: {},
      failed: [],
      sessionsEnded: 0,
      tokensEnded: 0,
    })
    await expect(runner.plan('test.busy', { refuse: true }, systemActor('test'))).rejects.toMatchObject({ code: 'test.refused' })
    expect(queued).toEqual([])
    expect(await world().rows(`select 1 from roles where name = 'planned'`)).toEqual([])
    await runner.run('test.busy', { refuse: false }, systemActor('test'))
    expect(queued.map(({ name }) => name)).toEqual(['test.mail', 'test.mail', 'test.index'])
  })

  test('that is denied is audited like the command', async () => {
    const ada = await world().signUp()
    const call = world().core.plan(
      'users.create',
      { email: newEmail() },
      {
        actor: userActor(ada.principal),
        origin: { requestId: 'req_plan', ip: null, userAgent: null },
      },
    )
    await expect(call).rejects.toMatchObject({ code: 'request.denied' })
    expect(await world().rows('select outcome from audit_entries where request_id = ?', ['req_plan'])).toEqual([{ outcome: 'denied' }])
  })
})
