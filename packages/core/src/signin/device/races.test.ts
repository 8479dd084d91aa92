import { raced, untilSeen, useWorld, withoutGuard, won } from '@denizen/core/testing'
import { describe, expect, test } from 'vitest'
import { uuidOf } from '../../kernel/id.ts'

/** PGlite runs one transaction after the other and hides every race. */
const world = useWorld({ connections: 22 })
const callers = 50
const atOnce = 20

const gate = 'lock table device_logins in access exclusive mode'

async function sessionsOf(userId: string): Promise<number> {
  return (
    await world().rows(`select 1 from sessions where user_id = ? and 'pwd' = any(auth_methods) and user_agent = 'device'`, [uuidOf(userId)])
  ).length
}

describe('50 callers', () => {
  test('polls of an approved login give one session', async () => {
    const ada = await world().signUp()
    const device = world().core.as({ kind: 'anonymous' }, { userAgent: 'device' })
    const { deviceCode, userCode } = await device.auth.startDeviceLogin({ clientName: 'cli' })
    await ada.as.auth.approveDeviceLogin({ userCode })
    const results = await raced(
      world(),
      gate,
      Array.from({ length: callers }, () => () => device.auth.pollDeviceLogin({ deviceCode })),
    )
    expect(won(results).filter(({ status }) => status === 'signedIn')).toHaveLength(1)
    expect(won(results)).toHaveLength(1)
    expect(await sessionsOf(ada.user.id)).toBe(1)
    const tokens = await world().rows(
      `select 1 from tokens t join sessions s on s.id = t.session_id where s.user_agent = 'device' and s.user_id = ?`,
      [uuidOf(ada.user.id)],
    )
    expect(tokens).toHaveLength(2)
  })

  test('approvals of a login open one session', async () => {
    const device = world().core.as({ kind: 'anonymous' }, { userAgent: 'device' })
    const { userCode } = await device.auth.startDeviceLogin({ clientName: 'cli' })
    const people = await world().crowd(callers)
    const approved = () => world().rows(`select 1 from device_logins where status = 'approved'`)
    const before = await approved()
    const results = await raced(
      world(),
      gate,
      people.map((person) => () => person.as.auth.approveDeviceLogin({ userCode })),
    )
    expect(won(results)).toHaveLength(1)
    const opened = await world().rows(
      `select 1 from login_attempts where method = 'device' and outcome = 'succeeded' and user_id = any(?::uuid[])`,
      [`{${people.map(({ user }) => uuidOf(user.id)).join(',')}}`],
    )
    expect(opened).toHaveLength(1)
    expect((await approved()).length - before.length).toBe(1)
  })

  test('approvals and denials of a login: one of them holds', async () => {
    const people = await world().crowd(callers)
    const device = world().core.as({ kind: 'anonymous' }, { userAgent: 'device' })
    const { userCode, deviceCode } = await device.auth.startDeviceLogin({ clientName: 'cli' })
    const results = await raced(
      world(),
      gate,
      people.map(
        (person, index) => () =>
          index % 2 === 0 ? person.as.auth.approveDeviceLogin({ userCode }) : person.as.auth.denyDeviceLogin({ userCode }),
      ),
    )
    expect(won(results)).toHaveLength(1)
    const winner = results.findIndex(({ status }) => status === 'fulfilled')
    const outcome = await device.auth.pollDeviceLogin({ deviceCode }).then(
      ({ status }) => status,
      () => 'denied',
    )
    expect(outcome).toBe(winner % 2 === 0 ? 'signedIn' : 'denied')
  })

  test('the lock is what decides: without it several approvals win', async () => {
    const people = await world().crowd(atOnce)
    withoutGuard(world(), (query) => query.replace(/^(select id from device_logins .*) for update$/, '$1'))
    await untilSeen('several approvals of one login', async () => {
      const { userCode } = await world().asAnonymous().auth.startDeviceLogin({ clientName: 'cli' })
      const approvals = people.map((person) => () => person.as.auth.approveDeviceLogin({ userCode }))
      return won(await raced(world(), gate, approvals)).length > 1
    })
  })
})
