import { describe, expect, test } from 'vitest'
import { bothDatabases, useWorld } from '@denizen/core/testing'

describe.each(bothDatabases)('core on %s', (database) => {
  const world = useWorld({ database })

  test('creates a user, signs in, and knows who it is', async () => {
    const ada = await world().signUp({ email: 'Ada@Example.com ', username: 'ada' })
    expect(ada.user.email).toBe('ada@example.com')
    expect(await ada.as.sessions.whoami()).toMatchObject({ user: { id: ada.user.id, username: 'ada' }, roles: ['user'] })
  })
})

test('the suite runs on the runtime that was asked for', () => {
  const runtime = ['Deno', 'Bun'].find((name) => name in globalThis) ?? 'Node'
  expect(runtime.toLowerCase()).toBe(process.env['DENIZEN_TEST_RUNTIME'] ?? 'node')
})
