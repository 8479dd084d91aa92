import { createClient } from '@denizen/client'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { eventually, within } from '../../deadlines.ts'
import { endPrograms, startServer, type ServerProgram } from '../../processes.ts'
import { send } from '../../requests.ts'
import { useInstallation } from '../../set-up.ts'

const installation = useInstallation()
let server: ServerProgram

beforeEach(async () => {
  server = await startServer(installation().database.environment)
})
afterEach(endPrograms)

describe('58: SIGTERM', () => {
  it('answers what is in flight, takes nothing new and exits 0, though it comes twice at once, as from systemd to each process', async () => {
    const { users } = createClient({ url: server.url, token: installation().admin.token })
    const held = await holdUsers()
    const inFlight = Promise.all([users.create({ username: 'drains-one' }), users.create({ username: 'drains-two' })])
    await held.until(2)
    for (const _ of ['to the server', 'passed on to it']) server.send('SIGTERM')
    await eventually(20_000, 'new requests being refused', () => isRefused(server.url))
    await expect(users.create({ username: 'comes-too-late' })).rejects.toMatchObject({ kind: 'unavailable' })
    await held.letGo()
    const made = await within(20_000, 'what was in flight being answered', inFlight)
    expect(made.map((user) => user?.username)).toEqual(['drains-one', 'drains-two'])
    expect(await within(20_000, 'the server ending', server.exit)).toEqual({ code: 0, signal: null })
    expect(await countOf('drains-one', 'drains-two', 'comes-too-late')).toBe(2)
  })

  it('sent again later ends at once, and leaves nothing half-done', async () => {
    const { users } = createClient({ url: server.url, token: installation().admin.token })
    const held = await holdUsers()
    const cutOff = users.create({ username: 'is-cut-off' }).catch((error: unknown) => error)
    await held.until(1)
    server.send('SIGTERM')
    await eventually(20_000, 'new requests being refused', () => isRefused(server.url))
    const again = setInterval(() => server.send('SIGTERM'), 100)
    const { exit } = server
    // 143 is the later signal's. The create is held until the server is gone: it was not waited for.
    expect(await within(20_000, 'the server ending at once', exit).finally(() => clearInterval(again))).toEqual({ code: 143, signal: null })
    expect(await cutOff).toMatchObject({ code: 'client.unreachable' })
    await held.letGo()
    await eventually(20_000, 'the database giving up what it was doing for the server', async () => {
      const [row] = await installation().database.rows<{ running: number }>(`
        select count(*)::int as running from pg_stat_activity where datname = current_database() and application_name = 'denizen'`)
      return row?.running === 0
    })
    expect(await countOf('is-cut-off')).toBe(0)
  })
})

/** Keeps everybody from writing users, until it is let go. */
async function holdUsers(): Promise<{ until(waiting: number): Promise<unknown>; letGo(): Promise<unknown> }> {
  const gate = await installation().database.connect()
  await gate.query('begin; lock table users in share mode')
  return {
    until: (count) =>
      eventually(20_000, `${count} creates waiting in the database`, async () => {
        const [row] = await installation().database.rows<{ waiting: number }>(`
          select count(*)::int as waiting from pg_stat_activity
          where datname = current_database() and wait_event_type = 'Lock' and query like '%insert into users%'`)
        return row?.waiting === count
      }),
    letGo: () => gate.query('commit'),
  }
}

async function countOf(...usernames: readonly string[]): Promise<number | undefined> {
  const [row] = await installation().database.rows<{ users: number }>(`select count(*)::int as users from users where username = any(?)`, [
    `{${usernames.join(',')}}`,
  ])
  return row?.users
}

async function isRefused(url: string): Promise<boolean> {
  try {
    const { status } = await send(url, '/readyz')
    return status === 503
  } catch (error) {
    return error instanceof Error && 'code' in error && (error.code === 'ECONNREFUSED' || error.code === 'ECONNRESET')
  }
}
