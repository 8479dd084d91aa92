import type { Monitor } from '@denizen/core'
import { useWorld } from '@denizen/core/testing'
import { describe, expect, test } from 'vitest'

describe('72: a database that is there, and fails a call', () => {
  const states: string[] = []
  const monitor: Monitor = { observe: () => {}, databaseFailed: (state) => void states.push(state) }
  const world = useWorld({ defaults: { statement_timeout: '1s' }, monitors: [monitor] })

  /** Runs a call that the database fails; gives its error, and what operators were told of it. */
  async function failing(call: () => Promise<unknown>) {
    states.length = 0
    world().logger.lines.length = 0
    const error: unknown = await call().then(
      () => null,
      (thrown: unknown) => thrown,
    )
    return { error, states: [...states], lines: world().logger.lines.map(({ message, fields }) => ({ message, state: fields?.['state'] })) }
  }

  test('R8: a statement that waits too long is a database that is busy, with its SQLSTATE in log and metrics', async () => {
    const holder = await world().connect()
    await holder.query('begin; lock table users')
    const told = await failing(() => world().asSystem().users.create({ username: 'ada' }))
    await holder.query('rollback')
    expect(told).toMatchObject({
      error: { code: 'request.databaseBusy', kind: 'unavailable' },
      states: ['57014'],
      lines: [{ message: 'the database failed an action', state: '57014' }],
    })
  })
})
