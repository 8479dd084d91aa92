import { createPartitions } from '@denizen/core'
import { bothDatabases, useWorld, type World } from '@denizen/core/testing'
import { beforeAll, describe, expect, test } from 'vitest'

const day = 24 * 60 * 60 * 1000
const tables = ['audit_entries', 'events'] as const

/** `events_2026_08` for August 2026, and so many months later. */
function partitionOf(table: string, { now, months = 0 }: { now: Date; months?: number }): string {
  const month = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + months, 1))
  return `${table}_${month.toISOString().slice(0, 7).replace('-', '_')}`
}

async function partitionsOf({ rows }: World, table: string): Promise<string[]> {
  const found = await rows<{ name: string }>(
    `select inhrelid::regclass::text as name from pg_inherits where inhparent = ?::regclass order by 1`,
    [table],
  )
  return found.map(({ name }) => name)
}

/** Where what a new user leaves behind went. */
async function homesIn(world: World): Promise<Record<string, string | undefined>> {
  const { id } = await world.newUser()
  const [event] = await world.rows<{ name: string }>('select tableoid::regclass::text as name from events where subject = ?', [id])
  const [entry] = await world.rows<{ name: string }>('select tableoid::regclass::text as name from audit_entries where target_id = ?', [id])
  return { events: event?.name, audit_entries: entry?.name }
}

/** Moves on to the first moment of the next month, less so much. */
function goToNextMonth({ clock }: World, before = 0): void {
  const now = clock.now()
  clock.advance(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1, 1) - before - now.getTime())
}

describe.each(bothDatabases)('partitions as they are made, on %s', (database) => {
  const world = useWorld({ database })
  let begun: Date
  beforeAll(() => {
    begun = world().clock.now()
  })

  test.each(tables)('%s has one for this month, three ahead, and the default', async (table) => {
    expect(await partitionsOf(world(), table)).toEqual(
      [0, 1, 2, 3]
        .map((months) => partitionOf(table, { now: begun, months }))
        .concat(`${table}_default`)
        .toSorted(),
    )
  })

  test('take the rows of their month, to the last moment in UTC', async () => {
    const now = world().clock.now()
    expect(await homesIn(world())).toEqual({ events: partitionOf('events', { now }), audit_entries: partitionOf('audit_entries', { now }) })
    goToNextMonth(world(), 1)
    expect(await homesIn(world())).toMatchObject({ events: partitionOf('events', { now }) })
    world().clock.advance(1)
    expect(await homesIn(world())).toMatchObject({ events: partitionOf('events', { now, months: 1 }) })
  })
})

describe.each(bothDatabases)('partitions as time passes, on %s', (database) => {
  const world = useWorld({ database })

  test('are made again and again, and by several at once, without harm', async () => {
    const before = await partitionsOf(world(), 'events')
    goToNextMonth(world())
    const now = world().clock.now()
    await Promise.all(Array.from({ length: 4 }, () => createPartitions(world().em(), now)))
    expect(await partitionsOf(world(), 'events')).toEqual([...before, partitionOf('events', { now, months: 3 })].toSorted())
  })

  test('of a month that already has rows in the default do not stop the start, and the rows stay readable', async () => {
    world().clock.advance(160 * day) // nobody has started a server for five months
    const now = world().clock.now()
    expect(await homesIn(world())).toEqual({ events: 'events_default', audit_entries: 'audit_entries_default' })
    // A key that signs tokens is made at the start too, when the last one is that old.
    const before = { ...(await world().counts()), signing_keys: expect.any(Number) }
    await world().core.start()
    expect(await world().counts()).toEqual(before)
    expect(await partitionsOf(world(), 'events')).toContain(partitionOf('events', { now, months: 1 }))
    await homesIn(world())
    for (const table of tables) {
      await expect(world().rows(`delete from ${table}`)).rejects.toMatchObject({ code: '42501' })
      await expect(world().rows(`update ${table}_default set at = now()`)).rejects.toMatchObject({ code: '42501' })
      await expect(world().rows(`truncate ${table}`)).rejects.toMatchObject({ code: '42501' })
    }
  })
})
