import { systemActor, type Job } from '@denizen/core'
import { bothDatabases, runnerOf, useWorld } from '@denizen/core/testing'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { defineCommand } from '../kernel/action.ts'
import { defineError } from '../kernel/errors.ts'
import { item } from '../kernel/input.ts'
import { anyone } from '../kernel/rule.ts'
import { command } from '../kernel/signature.ts'
import { userId as userIdSchema } from '../kernel/ids.ts'

const system = systemActor('test')
const spoiled = defineError('test.spoiled', 'conflict', 'Spoiled.')
const task = z.strictObject({ userId: userIdSchema, spoil: z.boolean().default(false) })

/** Does to each user everything that a handler can do, and then fails with those that are to fail. */
const batch = defineCommand(
  command('test.batch', {
    summary: 'Do much to many',
    input: z.strictObject({ tasks: z.array(item(task)) }),
    output: z.object({ failed: z.array(z.object({ index: z.int(), code: z.string(), message: z.string() })) }),
  }),
  {
    allow: anyone,
    allowItem: ({ input }) => (input as z.output<typeof task>).userId !== 'usr_01h455vb4pex5vsknk084sn02q',
    async handle(context, { tasks }) {
      const failed: { index: number; code: string; message: string }[] = []
      for (const [index, told] of tasks.entries()) {
        const result = await context.attempt(async () => {
          if (!told.ok) throw told.error
          const { userId, spoil } = told.value
          context.checkItem(told.value, null, null)
          await context.em.execute('insert into roles (id, name, created_at) values (gen_random_uuid(), ?, now())', [userId])
          context.emit({ type: 'test.done', subject: userId, organizationId: null, payload: {} })
          context.enqueue({ name: 'test.mail', payload: { userId } })
          context.invalidate(userId, { when: 'now' })
          context.invalidate(userId, { when: 'soon' })
          context.note({ changes: { [userId]: 'done' } })
          if (spoil) throw spoiled({})
        }, index)
        if (!result.ok) failed.push({ index, code: result.error.code, message: result.error.message })
      }
      return { failed }
    },
  },
)

describe.each(bothDatabases)('a batch on %s', (database) => {
  const queued: Job[] = []
  const world = useWorld({ database, ports: { jobs: { enqueue: async (_em, jobs) => void queued.push(...jobs), forget: async () => 0 } } })

  test('keeps nothing of an item that failed, and all of the others; a plan tells beforehand', async () => {
    const runner = runnerOf(world(), [batch])
    const [first, second, third] = [await world().newUser(), await world().newUser(), await world().newUser()]
    const tasks = [
      { userId: first.id },
      { userId: second.id, spoil: true },
      { userId: 'someone' },
      { userId: 'usr_01h455vb4pex5vsknk084sn02q' },
      { userId: third.id },
    ]
    const failed = [
      { index: 1, code: 'test.spoiled', message: 'Spoiled.' },
      { index: 2, code: 'request.invalid', message: expect.stringMatching(/^userId: /) as string },
      { index: 3, code: 'request.denied', message: expect.stringMatching(/test\.batch/) as string },
    ]
    expect(await runner.plan('test.batch', { tasks }, system)).toEqual({
      rows: { roles: { inserted: 2, updated: 0, deleted: 0 } },
      sessionsEnded: 0,
      tokensEnded: 0,
      events: { 'test.done': 2 },
      jobs: { 'test.mail': 2 },
      failed,
    })
    expect(queued).toEqual([])
    expect(await runner.run('test.batch', { tasks }, system, { requestId: 'req_batch' })).toEqual({ failed })
    const ids = [first.id, third.id]
    const names = async (sql: string) => (await world().rows<{ name: string }>(sql)).map(({ name }) => name).toSorted()
    expect(await names(`select name from roles where name like 'usr_%'`)).toEqual(ids.toSorted())
    expect(await names(`select subject as name from events where type = 'test.done'`)).toEqual(ids.toSorted())
    expect(queued.map(({ payload }) => payload['userId'])).toEqual(ids)
    const heard = await names(`select distinct unnest(keys) as name from invalidations`)
    expect(heard).toEqual(expect.arrayContaining(ids))
    expect(heard).not.toContain(second.id)
    expect(await world().rows(`select changes from audit_entries where request_id = 'req_batch'`)).toEqual([
      { changes: { [third.id]: 'done' } },
    ])
  })
})
