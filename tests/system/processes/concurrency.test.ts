import { createClient, DenizenError } from '@denizen/client'
import type { Calls } from '@denizen/core/calls'
import type { SignedInUser } from '@denizen/core/testing'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { openDatabase, type SystemDatabase } from '../../database.ts'
import { eventually, within } from '../../deadlines.ts'
import { endPrograms, startServer } from '../../processes.ts'

const callers = 50
const connectionsOfEach = 12
const fewestConnections = 20

let database: SystemDatabase
beforeEach(async () => {
  database = await openDatabase()
})
afterEach(async () => {
  await endPrograms()
  await database.close()
})

it('lets one of 50 parallel creates of one email win, and tells the other 49 why not', async () => {
  const outcomes = await race()
  expect(outcomes.filter((outcome) => outcome === 'won')).toHaveLength(1)
  expect(outcomes.filter((outcome) => outcome === 'users.emailTaken')).toHaveLength(callers - 1)
  const [rows] = await database.rows(`select count(*)::int as users from users where email = 'wanted@example.com'`)
  expect(rows).toEqual({ users: 1 })
  const [audit] = await database.rows(`
    select count(*) filter (where outcome = 'succeeded')::int as succeeded, count(*) filter (where outcome = 'failed' and error_code = 'users.emailTaken')::int as failed,
      count(distinct actor_id)::int as callers
    from audit_entries where action = 'users.create' and actor_kind = 'user'`)
  expect(audit).toEqual({ succeeded: 1, failed: callers - 1, callers })
})

it('is a real race: without the constraint more than one wins', async () => {
  await database.rows('alter table users drop constraint users_email_unique')
  const outcomes = await race()
  expect(outcomes.filter((outcome) => outcome === 'won').length).toBeGreaterThan(1)
})

/** 50 callers through two servers, held up until at least 20 connections wait side by side to write the row. */
async function race(): Promise<string[]> {
  const people: SignedInUser[] = []
  while (people.length < callers) people.push(await database.people.asSuperadmin())
  const pool = { ...database.environment, DENIZEN_POOL_SIZE: String(connectionsOfEach) }
  const servers = await Promise.all([startServer(pool), startServer(pool)])
  const clients = people.map(({ token }, index) => createClient({ url: servers[index % 2]?.url ?? '', token }))
  // Their connections are there already: whoever waits at the gate gives up after ten seconds.
  await Promise.all(clients.map((client) => client.sessions.whoami()))
  const gate = await database.connect()
  await gate.query('begin; lock table users in share mode')
  const racing = Promise.all(clients.map((client, index) => attempt(client, `racer-${index}`)))
  await eventually(8_000, `${fewestConnections} connections waiting to insert`, async () => {
    const [waiting] = await database.rows<{ count: number }>(`
      select count(*)::int from pg_stat_activity
      where datname = current_database() and wait_event_type = 'Lock' and query like '%insert into users%' and application_name = 'denizen'`)
    return (waiting?.count ?? 0) >= fewestConnections
  })
  await gate.query('commit')
  return within(30_000, 'all creates being answered', racing)
}

async function attempt(client: Calls, username: string): Promise<string> {
  try {
    await client.users.create({ email: 'wanted@example.com', username })
    return 'won'
  } catch (error) {
    if (!(error instanceof DenizenError)) throw error
    return error.code
  }
}
