import { describe, expect, test } from 'vitest'
import { bothDatabases, createWorld, useWorld } from '@denizen/core/testing'

describe.each(bothDatabases)('core on %s', (database) => {
  const world = useWorld({ database })

  test('creates a user, signs in, and knows who it is', async () => {
    const ada = await world().signUp({ email: 'Ada@Example.com ', username: 'ada' })
    expect(ada.user.email).toBe('ada@example.com')
    expect(await ada.as.sessions.whoami()).toMatchObject({ user: { id: ada.user.id, username: 'ada' }, roles: ['user'] })
  })
})

test('U5: on a database that nobody migrated, starting and calling say what to do', async () => {
  const world = await createWorld({ empty: true })
  const told = { code: 'request.databaseNotMigrated', kind: 'unavailable', message: expect.stringContaining('orm.migrator.up()') as string }
  try {
    await expect(world.core.start()).rejects.toMatchObject(told)
    await expect(world.asSystem().users.create({ email: 'ada@example.org' })).rejects.toMatchObject(told)
    await expect(world.asSystem().users.list()).rejects.toMatchObject(told)
  } finally {
    await world.close()
  }
})

test('the suite runs on the runtime that was asked for', () => {
  const runtime = ['Deno', 'Bun'].find((name) => name in globalThis) ?? 'Node'
  expect(runtime.toLowerCase()).toBe(process.env['DENIZEN_TEST_RUNTIME'] ?? 'node')
})
