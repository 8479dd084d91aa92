import { systemActor, userActor, uuidOf, type User } from '@denizen/core'
import { createWorld, newEmail, raced, runnerOf, untilSeen, useWorld, withoutGuard, type World } from '@denizen/core/testing'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { defineCommand, type Command } from '../../kernel/action.ts'
import { anyone } from '../../kernel/rule.ts'
import { command } from '../../kernel/signature.ts'
import { existingUser } from '../../users/index.ts'
import { createAccount } from '../create.ts'
import { updateAccount } from '../profile/update.ts'
import { bulkArchiveUsers } from './archive.ts'
import { bulkCreateUsers } from './create.ts'
import { bulkUpdateUsers } from './update.ts'

type UserId = User['id']

/** PGlite runs one transaction after the other and hides every race: all of these are on PostgreSQL. */
const connections = 22
const callers = 20
const world = useWorld({ connections })

function times<T>(count: number, make: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => make(index))
}

/** As a caller would name them: each in an order of its own, one backwards and one forwards by turns. */
function inOrderOf<T>(caller: number, items: readonly T[]): T[] {
  const from = (caller * 7) % items.length
  const turned = [...items.slice(from), ...items.slice(0, from)]
  return caller % 2 === 0 ? turned : turned.toReversed()
}

/** The action, and how often its transaction was begun: more often than it was called when transactions stood in each other's way. */
function counted(action: Command): { action: Command; begun: () => number } {
  let begun = 0
  const handle: Command['handle'] = (context, input, prepared) => {
    begun++
    return action.handle(context, input, prepared)
  }
  return { action: { ...action, handle }, begun: () => begun }
}

const gate = 'lock table users in exclusive mode'

/** As many users, made in one call. */
async function manyUsers(inWorld: World, count: number): Promise<UserId[]> {
  const users = times(count, () => ({ email: newEmail() }))
  return (await inWorld.asSystem().users.bulkCreate({ users })).succeeded.map(({ userId }) => userId)
}

describe('20 calls over the same users, each in another order', () => {
  const noted = (index: number) => ({ description: `by ${index}` })

  test('users.bulkUpdate: every call changes every user, and none is in the way of another', async () => {
    const ids = await manyUsers(world(), 20)
    const { action, begun } = counted(bulkUpdateUsers as Command)
    const runner = runnerOf(world(), [action])
    const admins = await world().crowd(callers, { isSuperadmin: true })
    const results = await raced(
      world(),
      gate,
      admins.map(({ principal }, index) => () => {
        const input = { userIds: inOrderOf(index, ids), patch: noted(index) }
        return runner.run('users.bulkUpdate', input, userActor(principal))
      }),
    )
    expect(results.map((result) => (result.status === 'fulfilled' ? result.value : result.reason))).toEqual(
      results.map((_, index) => ({ succeeded: inOrderOf(index, ids).map((userId, place) => ({ index: place, userId })), failed: [] })),
    )
    expect(begun()).toBe(callers)
    const after = await world().rows<{ description: string; version: number }>(
      `select distinct description, version from users where id = any(?::uuid[])`,
      [`{${ids.map(uuidOf).join(',')}}`],
    )
    expect(after).toEqual([{ description: expect.stringMatching(/^by \d+$/) as string, version: 1 + callers }])
  })

  test('without locks in order, they are in each other’s way: the test above can fail', async () => {
    const ids = await manyUsers(world(), 20)
    const careless = defineCommand(
      command('test.careless', {
        summary: 'Change in any order',
        input: z.object({ userIds: z.array(z.custom<UserId>()), index: z.int() }),
        output: z.object({}),
      }),
      {
        allow: anyone,
        async handle(context, { userIds, index }) {
          await context.em.execute('set local deadlock_timeout = 20')
          for (const userId of userIds)
            await context.attempt(async () => updateAccount(context, await existingUser(context.em, userId), noted(index)))
          return {}
        },
      },
    )
    const { action, begun } = counted(careless as Command)
    const runner = runnerOf(world(), [action])
    await untilSeen('a transaction that was begun again', async () => {
      const before = begun()
      await Promise.allSettled(
        times(callers, (index) => runner.run('test.careless', { userIds: inOrderOf(index, ids), index }, systemActor('test'))),
      )
      return begun() > before + callers
    })
  })

  test('users.bulkArchive: every user is archived once', async () => {
    const ids = await manyUsers(world(), 20)
    const { action, begun } = counted(bulkArchiveUsers as Command)
    const runner = runnerOf(world(), [action])
    const results = await raced(
      world(),
      gate,
      times(callers, (index) => () => runner.run('users.bulkArchive', { userIds: inOrderOf(index, ids) }, systemActor(`caller ${index}`))),
    )
    const answers = results.map((result) => {
      if (result.status === 'rejected') throw result.reason
      return result.value as { succeeded: { userId: UserId }[]; failed: { code: string }[] }
    })
    expect(answers.flatMap(({ succeeded }) => succeeded.map(({ userId }) => userId)).toSorted()).toEqual(ids.toSorted())
    expect(new Set(answers.flatMap(({ failed }) => failed.map(({ code }) => code)))).toEqual(new Set(['users.archived']))
    expect(begun()).toBe(callers)
  })
})

describe('20 calls that make the same users, each in another order', () => {
  const addresses = (tag: string) => times(20, (index) => ({ email: `${String(index).padStart(2, '0')}-${tag}@example.com` }))

  test('users.bulkCreate: everybody is made once, and no call is in the way of another', async () => {
    const users = addresses(crypto.randomUUID().slice(0, 8))
    const { action, begun } = counted(bulkCreateUsers as Command)
    const runner = runnerOf(world(), [action])
    const answers = await Promise.all(
      times(callers, (index) => runner.run('users.bulkCreate', { users: inOrderOf(index, users) }, systemActor(`caller ${index}`))),
    )
    const told = answers as { succeeded: unknown[]; failed: { code: string }[] }[]
    expect(told.reduce((sum, { succeeded }) => sum + succeeded.length, 0)).toBe(users.length)
    expect(new Set(told.flatMap(({ failed }) => failed.map(({ code }) => code)))).toEqual(new Set(['users.emailTaken']))
    expect(begun()).toBe(callers)
  })

  test('in the order of the call, they are in each other’s way: the test above can fail', async () => {
    const plain = { emailVerified: false, needPasswordChange: false, kind: 'human' } as const
    const careless = defineCommand(
      command('test.careless', {
        summary: 'Make in any order',
        input: z.object({ users: z.array(z.object({ email: z.string() })) }),
        output: z.object({}),
      }),
      {
        allow: anyone,
        async handle(context, { users: given }) {
          await context.em.execute('set local deadlock_timeout = 20')
          for (const user of given) await context.attempt(() => createAccount(context, { ...plain, ...user }, null, null))
          return {}
        },
      },
    )
    const { action, begun } = counted(careless as Command)
    const runner = runnerOf(world(), [action])
    await untilSeen('a transaction that was begun again', async () => {
      const [users, before] = [addresses(crypto.randomUUID().slice(0, 8)), begun()]
      await Promise.allSettled(
        times(callers, (index) => runner.run('test.careless', { users: inOrderOf(index, users) }, systemActor('test'))),
      )
      return begun() > before + callers
    })
  })
})

describe('20 calls that archive all superadmins', () => {
  /** Two superadmins for each caller, and nobody else: each call is about its own two. */
  async function race(inWorld: World): Promise<number> {
    const ids = await manyUsers(inWorld, 2 * callers)
    for (const id of ids) await inWorld.grant({ id } as User, 'superadmin')
    await raced(
      inWorld,
      gate,
      times(callers, (index) => {
        const userIds = ids.slice(2 * index, 2 * index + 2)
        return () => inWorld.core.as(systemActor(`caller ${index}`)).users.bulkArchive({ userIds })
      }),
    )
    const active = await inWorld.rows(`select 1 from users u join role_assignments a on a.user_id = u.id and a.revoked_at is null
      join roles r on r.id = a.role_id and r.name = 'superadmin' where u.status = 'active'`)
    return active.length
  }

  test('leave one', async () => {
    const guarded = await createWorld({ connections })
    try {
      expect(await race(guarded)).toBe(1)
    } finally {
      await guarded.close()
    }
  })

  test('leave none without the guard: the test above can fail', async () => {
    await untilSeen('no superadmin left', async () => {
      const unguarded = await createWorld({ connections })
      const skipped = withoutGuard(unguarded, (query) => (/from roles where id = \S+ for no key update/.test(query) ? 'select 1' : query))
      try {
        const left = await race(unguarded)
        expect(skipped()).toBeGreaterThanOrEqual(callers)
        return left === 0
      } finally {
        await unguarded.close()
      }
    })
  })

  test('also when everybody names everybody, each in another order: whoever is archived first may do no more', async () => {
    const there = await createWorld({ connections })
    try {
      const admins = await there.crowd(callers, { isSuperadmin: true })
      const ids = admins.map(({ user }) => user.id)
      const results = await raced(
        there,
        gate,
        admins.map(
          ({ as }, index) =>
            () =>
              as.users.bulkArchive({ userIds: inOrderOf(index, ids) }),
        ),
      )
      for (const result of results)
        if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'request.unauthenticated' })
      const active = await there.rows(`select 1 from users where status = 'active'`)
      expect(active).toHaveLength(1)
    } finally {
      await there.close()
    }
  })
})
