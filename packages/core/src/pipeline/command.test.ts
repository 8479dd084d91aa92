import { anonymousActor, DenizenError, systemActor, userActor } from '@denizen/core'
import { runnerOf, useWorld, type Runner, type World } from '@denizen/core/testing'
import type { Client } from 'pg'
import { beforeAll, describe, expect, test } from 'vitest'
import { eventually } from '../../../../tests/deadlines.ts'
import { z } from 'zod'
import { defineCommand } from '../kernel/action.ts'
import { defineError } from '../kernel/errors.ts'
import { anyone, granted, signedIn } from '../kernel/rule.ts'
import { command } from '../kernel/signature.ts'
import { accountTarget } from '../users/index.ts'
import { userId } from '../kernel/ids.ts'

const system = systemActor('test')
const refusedError = defineError('test.refused', 'conflict', 'Refused.')
const mark = z.strictObject({ mark: z.string() })
const output = z.object({ mark: z.string() })

/** Writes a role of this name: a mark that tells whether a transaction was committed. */
const insertMark = 'insert into roles (id, name, created_at) values (gen_random_uuid(), ?, now())'
const event = { type: 'test.marked', subject: null, organizationId: null, payload: {} }

const refusing = defineCommand(command('test.refuse', { summary: 'Refuse', input: mark, output }), {
  allow: anyone,
  async handle(context, { mark }) {
    await context.em.execute(insertMark, [mark])
    context.emit(event)
    return context.refuse(refusedError({}))
  },
})

const throwing = defineCommand(command('test.throw', { summary: 'Throw', input: mark, output }), {
  allow: anyone,
  async handle(context, { mark }) {
    await context.em.execute(insertMark, [mark])
    context.emit(event)
    throw refusedError({})
  },
})

const crashing = defineCommand(command('test.crash', { summary: 'Crash', input: mark, output }), {
  allow: anyone,
  async handle(context, { mark }) {
    await context.em.execute(insertMark, [mark])
    throw new TypeError(`a secret of the machine: ${mark}`)
  },
})

const wrong = defineCommand(command('test.wrongAnswer', { summary: 'Answer wrongly', input: mark, output }), {
  allow: anyone,
  async handle(context, { mark }) {
    await context.em.execute(insertMark, [mark])
    return { mark: 17 as unknown as string }
  },
})

const chatty = defineCommand(command('test.chatty', { summary: 'Answer too much', input: mark, output }), {
  allow: anyone,
  handle: async (_, { mark }) => ({ mark, passwordHash: 'not for you' }),
})

const guarded = defineCommand(
  command('test.guarded', { summary: 'Need a permission', input: z.strictObject({ userId }), output: z.object({}) }),
  {
    allow: granted,
    target: accountTarget,
    handle: async () => ({}),
  },
)

const listening = defineCommand(
  command('test.whoAmI', { summary: 'Tell who acts', input: z.strictObject({}), output: z.object({ username: z.string() }) }),
  {
    allow: signedIn,
    handle: async ({ actor }) => ({ username: actor.kind === 'user' ? actor.principal.username : actor.kind }),
  },
)

const extra = [refusing, throwing, crashing, wrong, chatty, guarded, listening]

interface Entry {
  readonly action: string
  readonly outcome: string
  readonly error_code: string | null
  readonly actor_kind: string
  readonly target_id: string | null
}

const world = useWorld()
let runner: Runner
beforeAll(() => {
  runner = runnerOf(world(), extra)
})

function audited(requestId: string): Promise<Entry[]> {
  return world().rows<Entry>('select action, outcome, error_code, actor_kind, target_id from audit_entries where request_id = ?', [
    requestId,
  ])
}

async function written({ rows }: World, name: string): Promise<number> {
  return (await rows('select 1 from roles where name = ?', [name])).length
}

describe('a command', () => {
  test('that refuses keeps what it wrote, and is audited once, as refused', async () => {
    const call = runner.run('test.refuse', { mark: 'refused' }, system, { requestId: 'req_refuse' })
    await expect(call).rejects.toMatchObject({ code: 'test.refused', kind: 'conflict' })
    expect(await written(world(), 'refused')).toBe(1)
    expect(await audited('req_refuse')).toEqual([
      { action: 'test.refuse', outcome: 'refused', error_code: 'test.refused', actor_kind: 'system', target_id: null },
    ])
    expect(await world().rows('select type from events where type = ?', ['test.marked'])).toHaveLength(1)
  })

  test('that throws takes everything back, and is audited once, as failed', async () => {
    const events = (await world().counts())['events']
    const call = runner.run('test.throw', { mark: 'thrown' }, system, { requestId: 'req_throw' })
    await expect(call).rejects.toMatchObject({ code: 'test.refused' })
    expect(await written(world(), 'thrown')).toBe(0)
    expect((await world().counts())['events']).toBe(events)
    expect(await audited('req_throw')).toMatchObject([{ outcome: 'failed', error_code: 'test.refused' }])
  })

  test('that crashes becomes request.internal, and tells the caller nothing but the id of the request', async () => {
    const error: unknown = await runner
      .run('test.crash', { mark: 'crashed' }, system, { requestId: 'req_crash' })
      .catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(DenizenError)
    expect(error).toMatchObject({
      code: 'request.internal',
      kind: 'internal',
      message: 'Internal error.',
      details: { requestId: 'req_crash' },
    })
    expect(await written(world(), 'crashed')).toBe(0)
    expect(await audited('req_crash')).toMatchObject([{ outcome: 'failed', error_code: 'request.internal' }])
    expect(world().logger.lines).toContainEqual(
      expect.objectContaining({ level: 'error', fields: expect.objectContaining({ requestId: 'req_crash' }) }),
    )
  })

  test('whose answer is not what its signature says is taken back', async () => {
    const call = runner.run('test.wrongAnswer', { mark: 'wrong' }, system, { requestId: 'req_wrong' })
    await expect(call).rejects.toMatchObject({ code: 'request.internal', details: { requestId: 'req_wrong' } })
    expect(await written(world(), 'wrong')).toBe(0)
    expect(await audited('req_wrong')).toMatchObject([{ outcome: 'failed', error_code: 'request.internal' }])
  })

  test('whose record cannot be written is taken back, though its commit was sent with it', async () => {
    const unwritable = { requestId: 'req_\u0000' } // PostgreSQL has no texts with NUL
    await expect(runner.run('test.refuse', { mark: 'unrecorded' }, system, unwritable)).rejects.toMatchObject({ code: 'request.internal' })
    expect(await written(world(), 'unrecorded')).toBe(0)
  })

  test('lets out only what its signature names', async () => {
    expect(await runner.run('test.chatty', { mark: 'x' }, system)).toEqual({ mark: 'x' })
  })

  test('that is denied is audited with its target', async () => {
    const [monitor, other] = [await world().asMonitor(), await world().newUser()]
    const call = runner.run('test.guarded', { userId: other.id }, userActor(monitor.principal), { requestId: 'req_denied' })
    await expect(call).rejects.toMatchObject({ code: 'request.denied', kind: 'denied', details: { permission: 'test.guarded' } })
    expect(await audited('req_denied')).toEqual([
      { action: 'test.guarded', outcome: 'denied', error_code: 'request.denied', actor_kind: 'user', target_id: other.id },
    ])
  })

  test('answers the same for what is not yours and what is not there', async () => {
    const [nobody, other] = [await world().signUp(), await world().newUser()]
    const errors: unknown[] = []
    for (const id of [other.id, 'usr_01h455vb4pex5vsknk084sn02q']) {
      const thrown: unknown = await runner.run('test.guarded', { userId: id }, userActor(nobody.principal)).catch((error: unknown) => error)
      errors.push(
        thrown instanceof DenizenError
          ? { code: thrown.code, kind: thrown.kind, message: thrown.message, details: thrown.details }
          : thrown,
      )
    }
    expect(errors[0]).toEqual({ code: 'request.notFound', kind: 'notFound', message: 'There is no such user.', details: { type: 'user' } })
    expect(errors[1]).toEqual(errors[0])
  })

  test('of a stranger who is turned away leaves no row', async () => {
    const before = await world().counts()
    const call = runner.run('test.guarded', { userId: 'usr_01h455vb4pex5vsknk084sn02q' }, anonymousActor)
    await expect(call).rejects.toMatchObject({ code: 'request.unauthenticated', kind: 'unauthenticated' })
    expect(await world().counts()).toEqual(before)
  })

  test('reads who acts anew: what was true of the principal does not count', async () => {
    const ada = await world().signUp()
    await world().rows('update users set username = ? where email = ? returning 1', ['renamed-meanwhile', ada.user.email])
    expect(await runner.run('test.whoAmI', {}, userActor(ada.principal))).toEqual({ username: 'renamed-meanwhile' })
    await world().rows('update users set status = ? where email = ? returning 1', ['suspended', ada.user.email])
    await expect(runner.run('test.whoAmI', {}, userActor(ada.principal), { requestId: 'req_gone' })).rejects.toMatchObject({
      code: 'request.unauthenticated',
    })
    expect(await audited('req_gone')).toMatchObject([{ outcome: 'denied', error_code: 'request.unauthenticated', actor_kind: 'user' }])
  })

  test('that nobody knows is request.unknownAction', async () => {
    const error: unknown = await runner.run('users.explode', {}, system).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'request.unknownAction', kind: 'notFound', details: { action: 'users.explode' } })
  })
})

describe("two commands that stand in each other's way", () => {
  /** Fails with what the database says, as often as told, and then succeeds. */
  function failing(state: string, times: number) {
    let attempts = 0
    const action = defineCommand(command('test.unlucky', { summary: 'Lose', input: mark, output: z.object({ attempts: z.int() }) }), {
      allow: anyone,
      async handle(context, { mark }) {
        attempts++
        await context.em.execute(insertMark, [mark])
        context.emit({ ...event, type: 'test.unlucky' })
        if (attempts <= times) await context.em.execute(`do $$ begin raise exception 'lost' using errcode = '${state}'; end $$`)
        return { attempts }
      },
    })
    return { run: (name: string) => runnerOf(world(), [action]).run('test.unlucky', { mark: name }, system), attempts: () => attempts }
  }

  test.each(['40001', '40P01'])('are run again after %s, and what they did before is not there twice', async (state) => {
    const { run } = failing(state, 3)
    expect(await run(`again-${state}`)).toEqual({ attempts: 4 })
    expect(await written(world(), `again-${state}`)).toBe(1)
  })

  test('give up at last, with an error that says to try again', async () => {
    const { run, attempts } = failing('40001', Infinity)
    await expect(run('never')).rejects.toMatchObject({ code: 'request.retriesExhausted', kind: 'unavailable' })
    expect(attempts()).toBe(6)
    expect(await written(world(), 'never')).toBe(0)
  })

  test('are not run again after any other error', async () => {
    const { run, attempts } = failing('23514', 1)
    await expect(run('once')).rejects.toMatchObject({ code: 'request.internal' })
    expect(attempts()).toBe(1)
  })

  test('get out of a real deadlock', async () => {
    const [one, other] = [await world().newUser(), await world().newUser()]
    const touch = 'update users set description = $1 where email = $2'
    let attempts = 0
    const crossing = defineCommand(
      command('test.cross', { summary: 'Cross', input: z.strictObject({}), output: z.object({ attempts: z.int() }) }),
      {
        allow: anyone,
        async handle({ em }) {
          attempts++
          await em.execute('set local deadlock_timeout = 50')
          await em.execute('update users set description = ? where email = ?', ['ours', one.email])
          if (attempts === 1) await waitUntilBlocked(watcher, rival, () => rival.query(touch, ['theirs', one.email]))
          await em.execute('update users set description = ? where email = ?', ['ours', other.email])
          return { attempts }
        },
      },
    )
    const [rival, watcher] = [await world().connect(), await world().connect()]
    await rival.query('begin; set local deadlock_timeout = 10000')
    await rival.query(touch, ['theirs', other.email])
    const answer = runnerOf(world(), [crossing]).run('test.cross', {}, system)
    await eventually(20_000, 'a rival that waits', async () => blocked.has(rival))
    await blocked.get(rival)
    await rival.query('commit')
    expect(await answer).toEqual({ attempts: 2 })
    expect(await world().rows('select distinct description from users where email in (?, ?)', [one.email, other.email])).toEqual([
      { description: 'ours' },
    ])
  })
})

const blocked = new Map<Client, Promise<unknown>>()

/** Sends a statement that has to wait for us, and comes back once it does wait. */
async function waitUntilBlocked(watcher: Client, rival: Client, send: () => Promise<unknown>): Promise<void> {
  const { rows } = await rival.query<{ pid: number }>('select pg_backend_pid() as pid')
  blocked.set(rival, send())
  const isBlocked = 'select 1 where cardinality(pg_blocking_pids($1)) > 0'
  await eventually(20_000, 'a rival that is blocked', async () => (await watcher.query(isBlocked, [rows[0]?.pid])).rowCount === 1)
}
