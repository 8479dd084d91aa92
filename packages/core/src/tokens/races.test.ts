import { openConnections, useWorld } from '@denizen/core/testing'
import { describe, expect, test } from 'vitest'
import { uuidOf } from '../kernel/id.ts'
import { mostApiTokens } from './model.ts'

/** On as many connections as there are callers at work. */
describe('races for tokens', () => {
  const connections = 24
  const world = useWorld({ connections })

  test('ABUSE 40: fifty callers want the last one that there is room for, and one gets it', async () => {
    const ada = await world().signUp()
    const last = mostApiTokens - 1
    await world().rows(
      `insert into tokens (id, kind, user_id, hash, name, created_at)
        select gen_random_uuid(), 'api', ?, 'x', 'n ' || n, now() from generate_series(1, ?) n returning 1`,
      [uuidOf(ada.user.id), last],
    )
    await openConnections(world(), connections)
    const results = await Promise.allSettled(Array.from({ length: 50 }, (_, n) => ada.as.tokens.create({ name: `caller ${n}` })))
    const won = results.filter(({ status }) => status === 'fulfilled')
    const codes = new Set(results.flatMap((result) => (result.status === 'rejected' ? [(result.reason as { code: string }).code] : [])))
    expect([won.length, [...codes]]).toEqual([1, ['tokens.tooMany']])
    const [count] = await world().rows<{ count: number }>(`select count(*)::int as count from tokens where kind = 'api' and user_id = ?`, [
      uuidOf(ada.user.id),
    ])
    expect(count).toEqual({ count: mostApiTokens })
  })

  test('fifty callers rotate one token, and it has one successor', async () => {
    const ada = await world().signUp()
    const { token } = await ada.as.tokens.create({ name: 'rotated' })
    await openConnections(world(), connections)
    const results = await Promise.allSettled(
      Array.from({ length: 50 }, () => ada.as.tokens.rotate({ tokenId: token.id, overlapSeconds: 60 })),
    )
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    expect((await ada.as.tokens.list()).items).toHaveLength(2)
  })
})
