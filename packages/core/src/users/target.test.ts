import { useWorld } from '@denizen/core/testing'
import { expect, test } from 'vitest'

const world = useWorld()

test('the operator of the machine has no account, and is told everywhere to name a user', async () => {
  const { tokens, sessions, factors, passkeys, policies } = world().asSystem()
  const calls = [
    () => tokens.list({}),
    () => tokens.create({ name: 'x' }),
    () => sessions.list({}),
    () => sessions.endAll({}),
    () => factors.list({}),
    () => passkeys.list({}),
    () => policies.effective({}),
  ]
  for (const call of calls)
    await expect(call()).rejects.toMatchObject({ code: 'request.invalid', message: expect.stringContaining('name a user') })
})
