import { systemActor } from '@denizen/core'
import { runnerOf, useWorld } from '@denizen/core/testing'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { defineCommand } from '../kernel/action.ts'
import { anyone } from '../kernel/rule.ts'
import { command } from '../kernel/signature.ts'

const world = useWorld()
const system = systemActor('test')
const mark = z.strictObject({ mark: z.string() })

test('R9: a command whose answer to the commit is lost says that nobody knows, and a repeat with its key does nothing twice', async () => {
  const marking = defineCommand(command('test.mark', { summary: 'Mark', input: mark, output: mark }), {
    allow: anyone,
    async handle(context, given) {
      await context.em.execute('insert into roles (id, name, created_at) values (gen_random_uuid(), ?, now())', [given.mark])
      return given
    },
  })
  const { orm, ports } = world()
  /** The server commits, and the connection breaks before it can say so. */
  const breaking = () => {
    const em = orm.em.fork()
    const commit = em.commit.bind(em)
    return Object.assign(em, {
      async commit() {
        await commit()
        throw Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' })
      },
    })
  }
  const broken = runnerOf({ orm: Object.create(orm, { em: { value: { fork: breaking } } }) as typeof orm, ports }, [marking])
  const idempotencyKey = crypto.randomUUID()
  await expect(broken.run('test.mark', { mark: 'lost' }, system, { idempotencyKey })).rejects.toMatchObject({
    code: 'request.outcomeUnknown',
    kind: 'unavailable',
  })
  expect(await runnerOf(world(), [marking]).run('test.mark', { mark: 'lost' }, system, { idempotencyKey })).toEqual({ mark: 'lost' })
  expect(await world().rows('select 1 from roles where name = ?', ['lost'])).toHaveLength(1)
})
