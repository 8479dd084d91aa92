import { uuidOf, type DenizenError } from '@denizen/core'
import { openConnections, untilWaiting, useWorld } from '@denizen/core/testing'
import { expect, test } from 'vitest'
import { within } from '../../../../tests/deadlines.ts'
import { shareOf, Shares } from './shares.ts'

const connections = 8
/** PGlite has one connection: this is on PostgreSQL. */
const world = useWorld({ connections, sharesConnections: true })
const unbound = useWorld({ connections })

/** What one user with a hundred calls keeps waiting for their own row, and whether somebody else is answered meanwhile. */
async function crowded(of: typeof world) {
  const [greedy, other] = [await of().signIn(await of().newUser()), await of().signIn(await of().newUser())]
  await openConnections(of(), connections)
  const [holder, watcher] = [await of().connect(), await of().connect()]
  await holder.query(`begin; select 1 from users where id = '${uuidOf(greedy.user.id)}' for update`)
  const calls = Array.from({ length: 100 }, (_, index) =>
    greedy.as.users.updateCurrent({ displayName: `Number ${index}` }).then(
      () => 'done',
      ({ code }: DenizenError) => code,
    ),
  )
  return { other, watcher, calls, release: () => holder.query('commit') }
}

const waitingFor = async (watcher: Awaited<ReturnType<ReturnType<typeof world>['connect']>>) => {
  const { rows } = await watcher.query<{ count: number }>(
    `select count(*)::int as count from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
  )
  return rows[0]?.count ?? 0
}

test('74: a hundred commands of one user who wait for their row have half of the connections, and others are answered', async () => {
  const { other, watcher, calls, release } = await crowded(world)
  await untilWaiting(watcher, connections / 2)
  try {
    await within(20_000, 'the answer to somebody else', other.as.users.updateCurrent({ displayName: 'Somebody else' }))
    expect(await waitingFor(watcher)).toBe(connections / 2)
  } finally {
    await release()
  }
  expect(new Set(await Promise.all(calls))).toEqual(new Set(['done']))
})

test('without the bound they have all of them, and others wait: the test above can fail', async () => {
  const { other, watcher, calls, release } = await crowded(unbound)
  await untilWaiting(watcher, connections)
  let isAnswered = false
  const answered = other.as.users.updateCurrent({ displayName: 'Somebody else' }).then(() => (isAnswered = true))
  expect(await waitingFor(watcher)).toBe(connections)
  expect(isAnswered).toBe(false)
  await release()
  await Promise.all([...calls, answered])
})

test('places are handed over in the order of who waits, also where work fails', async () => {
  const shares = new Shares(4)
  const [done, gate]: [number[], PromiseWithResolvers<void>] = [[], Promise.withResolvers()]
  let [running, most] = [0, 0]
  const calls = Array.from({ length: 9 }, (_, index) =>
    shares.within('one', async () => {
      most = Math.max(most, ++running)
      await gate.promise
      running--
      done.push(index)
      if (index % 3 === 0) throw new Error('It failed.')
    }),
  )
  let isOther = false
  await shares.within('another', async () => void (isOther = true))
  expect([running, isOther]).toEqual([2, true])
  gate.resolve()
  await Promise.allSettled(calls)
  expect([most, running]).toEqual([2, 0])
  expect(done).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8])
})

test('whoever waits for too long, or behind too many, is told that it is too busy, and takes nobody their place', async () => {
  const shares = new Shares(2, 5)
  const gate = Promise.withResolvers<void>()
  const first = shares.within('one', () => gate.promise)
  await expect(shares.within('one', async () => 'late')).rejects.toMatchObject({ code: 'request.databaseBusy' })
  gate.resolve()
  await first
  expect(await shares.within('one', async () => 'in time')).toBe('in time')

  const patient = new Shares(2)
  const held = Promise.withResolvers<void>()
  const waiting = Array.from({ length: 257 }, () => patient.within('one', () => held.promise))
  await expect(patient.within('one', async () => 'one more')).rejects.toMatchObject({ code: 'request.databaseBusy' })
  held.resolve()
  await Promise.all(waiting)
})

test('strangers share by their network; what takes power away has places of its own, and the system no bound', () => {
  const from = (ip: string | null) => ({ requestId: '', ip, userAgent: null })
  const anonymous = { kind: 'anonymous' } as const
  expect(shareOf(anonymous, from('2001:db8::1'), false)).toBe(shareOf(anonymous, from('2001:db8::2'), false))
  expect(shareOf(anonymous, from('192.0.2.1'), false)).not.toBe(shareOf(anonymous, from('192.0.2.2'), false))
  expect(shareOf(anonymous, from('192.0.2.1'), false)).not.toBe(shareOf(anonymous, from('192.0.2.1'), true))
  expect(shareOf({ kind: 'system', reason: 'a test' }, from('192.0.2.1'), false)).toBe(null)
})
