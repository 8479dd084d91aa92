import { DenizenError, uuidOf } from '@denizen/core'
import { newEmail, password, raced, untilWaiting, useWorld } from '@denizen/core/testing'
import { expect, test } from 'vitest'

const world = useWorld({ connections: 24 })

/** Tables that tell of the person by what names them. */
async function tracesOf(texts: readonly string[], id: string): Promise<readonly string[]> {
  const owned = [
    'users',
    'sessions',
    'tokens',
    'login_attempts',
    'verifications',
    'user_activity',
    'memberships',
    'passwords',
    'challenges',
  ]
  const found: string[] = []
  for (const table of owned) {
    const column = table === 'users' ? 'id' : 'user_id'
    if ((await world().rows(`select 1 from ${table} where ${column} = ?`, [uuidOf(id)])).length > 0) found.push(table)
  }
  const pattern = texts.map((text) => text.replaceAll(/[.+]/g, String.raw`\$&`)).join('|')
  for (const table of ['audit_entries', 'events', 'login_attempts', 'verifications', 'idempotency_keys', 'testing.jobs'])
    if ((await world().rows(`select 1 from ${table} t where t::text ~* ?`, [pattern])).length > 0) found.push(`${table} by name`)
  return found
}

/** How a call ended. What is no error of ours fails the test. */
function endingOf(settled: PromiseSettledResult<unknown>): string {
  if (settled.status === 'fulfilled') return 'done'
  const { reason } = settled as { reason: unknown }
  if (reason instanceof DenizenError && reason.kind !== 'internal') return reason.code
  throw reason
}

test('44: whatever is under way when somebody is purged, nothing of them is written again', async () => {
  const boss = await world().asSuperadmin()
  const anybody = () => world().core.as({ kind: 'anonymous' }, { ip: '192.0.2.7', userAgent: 'a browser' })
  const outcomes = new Set<string>()
  for (let round = 0; round < 6; round++) {
    const fullName = `Race Number${round} Person`
    const person = await world().signUp({ emailVerified: true, fullName })
    const { user } = person
    const email = user.email ?? newEmail()
    const session = await world().signIn(user)
    await boss.as.users.archive({ userId: user.id })
    const userId = user.id
    const calls = [
      () => boss.as.users.purge({ userId }),
      () => anybody().auth.signIn({ identifier: email, password }),
      () => anybody().auth.signIn({ identifier: userId, password: 'a wrong one, by mistake' }),
      () => anybody().auth.requestPasswordReset({ email }),
      () => anybody().auth.requestMagicLink({ email }),
      () => session.as.users.updateCurrent({ displayName: fullName }),
      () => session.as.tokens.create({ name: 'late' }),
      () => boss.as.users.update({ userId, description: fullName }, { idempotencyKey: crypto.randomUUID() }),
      () => boss.as.users.exportData({ userId }),
      () => boss.as.users.purge({ userId }),
      () => world().core.writeLastSeen(),
      ...(round % 2 === 0 ? [] : [() => boss.as.users.restore({ userId })]),
      ...Array.from({ length: 8 }, () => () => anybody().auth.signIn({ identifier: user.username, password: 'guessed and wrong' })),
    ]
    // Some of them begin before it, some after it, in another order each time.
    const turned = [...calls.slice(round * 3), ...calls.slice(0, round * 3)]
    const settled = await raced<unknown>(world(), 'lock table users in exclusive mode', turned, { least: 8 })
    for (const one of settled) outcomes.add(endingOf(one))
    await world().core.writeLastSeen()
    const isGone = (await world().rows('select 1 from users where id = ?', [uuidOf(userId)])).length === 0
    if (isGone) expect(await tracesOf([email, user.username, fullName], userId)).toEqual([])
    else await expect(boss.as.users.get({ userId })).resolves.toMatchObject({ status: 'active' })
  }
  expect(outcomes).toContain('done')
  expect(await world().rows(`select 1 from events where type = 'users.purged'`)).not.toEqual([])
})

test('44: a sign-in that has read somebody who is then purged writes nothing, and may be tried again', async () => {
  const boss = await world().asSuperadmin()
  const { user } = await world().signUp({ emailVerified: true })
  await boss.as.users.archive({ userId: user.id })
  const client = await world().connect()
  // Holds the row as the purge does that is about to commit, so that what refers to it waits.
  await client.query('begin')
  await client.query('delete from users where id = $1', [uuidOf(user.id)])
  const anybody = world().core.as({ kind: 'anonymous' }, { ip: '192.0.2.7', userAgent: 'a browser' })
  const attempts = Array.from({ length: 3 }, () => anybody.auth.signIn({ identifier: user.id, password: 'a wrong one, by mistake' }))
  const ended = Promise.allSettled(attempts)
  try {
    await untilWaiting(client, 3)
  } finally {
    await client.query('commit')
  }
  const codes = (await ended).map((settled) => (settled.status === 'rejected' ? (settled.reason as DenizenError).code : 'done'))
  // What it had prepared is about somebody who is gone.
  expect(new Set(codes)).toEqual(new Set(['request.retriesExhausted']))
  const again = anybody.auth.signIn({ identifier: user.id, password: 'a wrong one, by mistake' })
  await expect(again).rejects.toMatchObject({ code: 'auth.invalidCredentials' })
  expect(await world().rows('select 1 from login_attempts where user_id = ?', [uuidOf(user.id)])).toEqual([])
})
