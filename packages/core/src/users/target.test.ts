import { useWorld } from '@denizen/core/testing'
import { expect, test } from 'vitest'

const world = useWorld()

test('the operator of the machine has no account, and is told everywhere to name a user', async () => {
  const { tokens, sessions, factors, passkeys, policies } = world().asSystem()
  const calls = {
    'tokens.list': () => tokens.list({}),
    'tokens.create': () => tokens.create({ name: 'x' }),
    'sessions.list': () => sessions.list({}),
    'sessions.endAll': () => sessions.endAll({}),
    'factors.list': () => factors.list({}),
    'passkeys.list': () => passkeys.list({}),
    'policies.effective': () => policies.effective({}),
  }
  for (const [action, call] of Object.entries(calls))
    await expect(call(), action).rejects.toMatchObject({ code: 'request.invalid', message: expect.stringContaining('name a user') })
})
