import { DenizenError, userActor, type Core, type Principal } from '@denizen/core'
import { databases, useWorld, type World } from '@denizen/core/testing'
import { describe, expect, test, vi } from 'vitest'
import { toDomainError } from '../database/conflict.ts'
import { uuidOf } from '../kernel/id.ts'
import { blockSize, RequestRate } from './rate.ts'

const minute = 60_000

/** Somebody who may make so many calls in a minute, signed in, at the beginning of one. */
async function limitedTo(world: World, perMinute: number): Promise<Principal> {
  const name = `at-most-${crypto.randomUUID().slice(0, 8)}`
  await world.newPolicy(name, { requestsPerMinute: perMinute })
  const user = await world.newUser()
  await world.asSystem().users.update({ userId: user.id, resourcePolicy: name })
  const { principal } = await world.signIn(user)
  world.clock.advance(minute - (world.clock.now().getTime() % minute))
  return principal
}

const whoami = (core: Core, principal: Principal) =>
  core
    .as(userActor(principal))
    .sessions.whoami()
    .then(
      () => 'answered',
      (error: unknown) => (error instanceof DenizenError ? error.code : 'failed'),
    )

async function taken(world: World, { userId }: Principal): Promise<number> {
  const rows = await world.rows<{ taken: number }>('select taken from request_windows where user_id = ? order by started_at desc', [
    uuidOf(userId),
  ])
  return rows[0]?.taken ?? 0
}

describe.each(databases)('calls in a minute on %s', (database) => {
  const world = useWorld({ database })

  test('one too many is refused until the minute is over, and then no more', async () => {
    const principal = await limitedTo(world(), 5)
    const answers: string[] = []
    for (let call = 0; call < 7; call++) answers.push(await whoami(world().core, principal))
    expect(answers).toEqual([...Array.from({ length: 5 }, () => 'answered'), 'policies.tooManyRequests', 'policies.tooManyRequests'])
    world().clock.advance(minute - 1_500)
    await expect(world().core.as(userActor(principal)).sessions.whoami()).rejects.toMatchObject({
      kind: 'limited',
      details: { limit: 5, retryAfter: 2 },
      message: 'You have made the 5 calls that you may make in a minute. Try again in 2 s.',
    })
    world().clock.advance(1_500)
    expect(await whoami(world().core, principal)).toBe('answered')
  })

  test('two processes together never let more through than the limit, whoever asks which', async () => {
    const principal = await limitedTo(world(), 40)
    const cores = [world().core, world().another({}), world().another({})]
    const answers = await Promise.all(Array.from({ length: 90 }, (_, call) => whoami(cores[call % 3] ?? world().core, principal)))
    expect(answers.filter((answer) => answer === 'answered')).toHaveLength(40)
    expect(await taken(world(), principal)).toBe(40)
    world().clock.advance(minute)
    const later: string[] = []
    for (let call = 0; call < 90; call++) later.push(await whoami(cores[call % 3] ?? world().core, principal))
    expect(later.filter((answer) => answer === 'answered')).toHaveLength(40)
  })

  test('few statements are sent for many calls, and none once the minute is used up', async () => {
    const principal = await limitedTo(world(), 1_000)
    const core = world().another({})
    const asked = vi.spyOn(world().orm.em, 'fork')
    for (let call = 0; call < 1_000; call++) expect(await whoami(core, principal)).toBe('answered')
    expect(asked.mock.calls.length).toBeLessThan(70)
    expect(await whoami(core, principal)).toBe('policies.tooManyRequests')
    asked.mockClear()
    for (let call = 0; call < 50; call++) expect(await whoami(core, principal)).toBe('policies.tooManyRequests')
    expect(asked).not.toHaveBeenCalled()
    asked.mockRestore()
  })

  test('38: every call counts, whatever becomes of it: commands, plans, what is not allowed, what is not valid', async () => {
    const principal = await limitedTo(world(), 4)
    const as = world().core.as(userActor(principal))
    const codes: string[] = []
    const note = (call: Promise<unknown>) =>
      call.catch((error: unknown) => codes.push(error instanceof DenizenError ? error.code : 'failed'))
    await note(as.users.updateCurrent({ displayName: 'Ada' }))
    await note(world().core.plan('users.updateCurrent', { displayName: 'A' }, callOf(principal)))
    await note(as.users.promote({ userId: principal.userId }))
    await note(world().core.run('users.get', { userId: 'nobody' }, callOf(principal)))
    await note(as.users.updateCurrent({ displayName: 'Countess' }))
    await note(world().core.plan('users.updateCurrent', { displayName: 'A' }, callOf(principal)))
    expect(codes).toEqual(['request.denied', 'request.invalid', 'policies.tooManyRequests', 'policies.tooManyRequests'])
    const user = await world().asSystem().users.get({ userId: principal.userId })
    expect(user.displayName).toBe('Ada')
  })

  test('a refusal writes nothing: nobody fills the log by it', async () => {
    const principal = await limitedTo(world(), 1)
    await whoami(world().core, principal)
    const before = await world().counts()
    await expect(world().core.as(userActor(principal)).auth.signOut()).rejects.toMatchObject({ code: 'policies.tooManyRequests' })
    expect(await world().counts()).toEqual(before)
  })

  test('the operator of the machine, strangers and whoever has no limit are not counted', async () => {
    const before = (await world().counts())['request_windows']
    const { principal } = await world().signUp()
    for (let call = 0; call < 20; call++) expect(await whoami(world().core, principal)).toBe('answered')
    await world().asSystem().users.get({ userId: principal.userId })
    expect((await world().counts())['request_windows']).toBe(before)
  })

  test('what was counted in minutes that are long over is deleted with all that has expired', async () => {
    const principal = await limitedTo(world(), 3)
    await whoami(world().core, principal)
    const clean = async () => (await world().runJob('auth.deleteExpired'))['request_windows']
    await clean()
    expect(await taken(world(), principal)).toBe(1)
    world().clock.advance(61 * minute)
    expect(await clean()).toBeGreaterThan(0)
    expect((await world().counts())['request_windows']).toBe(0)
  })

  test('all credentials of a user draw on the same calls', async () => {
    const principal = await limitedTo(world(), 3)
    const other = await world().signIn(await world().asSystem().users.get({ userId: principal.userId }))
    for (const one of [principal, other.principal, principal]) expect(await whoami(world().core, one)).toBe('answered')
    expect(await whoami(world().core, other.principal)).toBe('policies.tooManyRequests')
  })
})

function callOf(principal: Principal) {
  return { actor: userActor(principal), origin: { requestId: 'req_test', ip: null, userAgent: null } }
}

describe('while the database is away', () => {
  const world = useWorld()

  test('what only reads is let through, what changes is not; and it is counted again afterwards', async () => {
    const principal = await limitedTo(world(), 2)
    const { clock, logger } = world()
    let away = true
    const reader = () => {
      if (away) throw Object.assign(new Error('connection terminated'), { code: 'ECONNREFUSED' })
      return world().em()
    }
    const rate = new RequestRate({ clock, logger, reader, toDomainError: toDomainError })
    for (let call = 0; call < 5; call++) await rate.count(principal, { reads: true })
    await expect(rate.count(principal, { reads: false })).rejects.toMatchObject({ code: 'request.databaseUnavailable' })
    away = false
    clock.advance(1_000)
    await rate.count(principal, { reads: true })
    await rate.count(principal, { reads: false })
    await expect(rate.count(principal, { reads: true })).rejects.toMatchObject({ code: 'policies.tooManyRequests' })
  })
})

describe('how many calls a process takes at once', () => {
  test.each([
    { taken: 0, given: 0, waiting: 1, limit: 1_000, size: 1 },
    { taken: 1, given: 1, waiting: 1, limit: 1_000, size: 1 },
    { taken: 64, given: 64, waiting: 1, limit: 1_000, size: 64 },
    { taken: 64, given: 4, waiting: 50, limit: 1_000, size: 50 },
    { taken: 200, given: 200, waiting: 1, limit: 1_000, size: 100 },
    { taken: 990, given: 900, waiting: 30, limit: 1_000, size: 1 },
    { taken: 0, given: 0, waiting: 50, limit: 1, size: 1 },
  ])('$size of $limit, with $taken taken and $waiting waiting', ({ size, limit, ...block }) => {
    expect(blockSize(block, limit)).toBe(size)
  })
})
