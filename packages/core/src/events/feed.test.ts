import { idOf, readEvents, type FeedPosition, type RecordedEvent } from '@denizen/core'
import { useWorld } from '@denizen/core/testing'
import type { Client } from 'pg'
import { describe, expect, test } from 'vitest'
import { eventually } from '../../../../tests/deadlines.ts'

const world = useWorld()

/** As a subscriber reads: on from where it stood, until nothing more is there. */
class Reader {
  #position: FeedPosition | null
  readonly #of: typeof world

  constructor(after: FeedPosition | null = null, of = world) {
    this.#position = after
    this.#of = of
  }

  readonly seen: string[] = []

  async catchUp(): Promise<void> {
    for (;;) {
      const events: RecordedEvent[] = await readEvents(this.#of().em(), this.#position, 2)
      this.seen.push(...events.map(({ subject }) => subject ?? ''))
      this.#position = events.at(-1)?.position ?? this.#position
      if (events.length < 2) return
    }
  }
}

/** What one would write first: on from the highest id seen. */
class NaiveReader {
  #last = idOfTest(sequence)
  readonly seen: string[] = []

  async catchUp(): Promise<void> {
    const rows = await world().rows<{ id: string; subject: string }>(
      `select id::text, subject from events where type = 'test.happened' and id > ? order by id`,
      [this.#last],
    )
    this.seen.push(...rows.map(({ subject }) => subject))
    this.#last = rows.at(-1)?.id ?? this.#last
  }
}

/** The horizon is the whole server's: a transaction in another test's database holds it back too, for a while. */
async function untilSeen(reader: Reader, count: number): Promise<void> {
  await eventually(20_000, `${count} events in the feed`, async () => {
    await reader.catchUp()
    return reader.seen.length >= count
  })
}

/** Everything told so far. */
async function settledEvents(): Promise<RecordedEvent[]> {
  const [row] = await world().rows<{ count: number }>('select count(*)::int as count from events')
  await untilSeen(new Reader(), row?.count ?? 0)
  return readEvents(world().em(), null, 1000)
}

let sequence = 0

/** Ids in the order of being written, as UUIDv7 are. */
function idOfTest(number: number): string {
  return `019${String(number).padStart(5, '0')}-0000-7000-8000-000000000000`
}

function emit(client: Client, subject: string) {
  const insertion = `insert into events (id, at, type, subject, payload) values ($1, now(), 'test.happened', $2, '{}')`
  return client.query(insertion, [idOfTest(++sequence), subject])
}

describe('the feed of events', () => {
  test('does not lose what began earlier and was committed later', async () => {
    const [slow, fast] = [await world().connect(), await world().connect()]
    const [reader, naive] = [new Reader((await settledEvents()).at(-1)?.position), new NaiveReader()]
    await slow.query('begin')
    await emit(slow, 'slow')
    await emit(fast, 'fast')
    for (const each of [reader, naive]) await each.catchUp()
    expect(reader.seen).toEqual([]) // it waits for the slow one
    await slow.query('commit')
    await emit(fast, 'later')
    await naive.catchUp()
    await untilSeen(reader, 3)
    expect(reader.seen).toEqual(['slow', 'fast', 'later'])
    expect(naive.seen).toEqual(['fast', 'later']) // the control: by id, one is lost for good
  })

  test('gives what many wrote at once, each exactly once, to a reader that reads all the while', async () => {
    const reader = new Reader((await settledEvents()).at(-1)?.position)
    const clients = await Promise.all(Array.from({ length: 6 }, () => world().connect()))
    let writing = true
    const expected: string[] = []
    const writers = clients.map(async (client, writer) => {
      for (let round = 0; round < 15; round++) {
        await client.query('begin')
        const subject = `${writer}-${round}`
        await emit(client, subject)
        await client.query('select pg_sleep(random() * 0.01)')
        const undone = round % 5 === 4
        await client.query(undone ? 'rollback' : 'commit')
        if (!undone) expected.push(subject)
      }
    })
    const reading = (async () => {
      while (writing) await reader.catchUp()
    })()
    await Promise.all(writers)
    writing = false
    await reading
    await untilSeen(reader, expected.length)
    expect(reader.seen.toSorted()).toEqual(expected.toSorted())
  })

  test('gives what actions tell, with everything they told', async () => {
    const before = await settledEvents()
    const user = await world().newUser()
    const events = (await settledEvents()).slice(before.length)
    expect(events).toEqual([
      {
        position: { xid: expect.stringMatching(/^\d+$/), id: expect.stringMatching(/^evt_/) },
        at: world().clock.now(),
        type: 'users.created',
        subject: user.id,
        organizationId: null,
        payload: { userId: user.id, username: user.username, kind: 'human' },
      },
    ])
  })
})

describe('history', () => {
  test.each(['audit_entries', 'events'])('50: %s can be added to and read, and nothing else', async (table) => {
    await world().newUser()
    const before = await world().rows(`select * from ${table} order by id`)
    expect(before.length).toBeGreaterThan(0)
    const partition = await world().rows<{ name: string }>(`select tableoid::regclass::text as name from ${table} limit 1`)
    for (const statement of [
      `update ${table} set at = now()`,
      `delete from ${table}`,
      `truncate ${table}`,
      `update ${partition[0]?.name ?? ''} set xid = '1'`,
      `delete from ${partition[0]?.name ?? ''}`,
    ]) {
      await expect(world().rows(statement)).rejects.toMatchObject({ code: '42501' })
    }
    expect(await world().rows(`select * from ${table} order by id`)).toEqual(before)
  })

  test('a month that nobody made a partition for goes to the default one', async () => {
    const client = await world().connect()
    const at = '2031-05-05T00:00:00Z'
    await client.query(`insert into events (id, at, type, subject, payload) values (gen_random_uuid(), $1, 'test.later', $2, '{}')`, [
      at,
      idOf('usr', crypto.randomUUID()),
    ])
    expect(await world().rows(`select tableoid::regclass::text as name from events where type = 'test.later'`)).toEqual([
      { name: 'events_default' },
    ])
    const partitions = await world().rows<{ name: string }>(
      `select inhrelid::regclass::text as name from pg_inherits where inhparent = 'events'::regclass`,
    )
    expect(partitions.length).toBe(5) // this month, three ahead, and the default
  })
})

describe('a dump', () => {
  // Of its own: an event from a transaction that this cluster has not reached is never settled.
  const world = useWorld()

  test('transaction ids are in the order of numbers, not of their texts', async () => {
    const [reader, writer] = [new Reader(null, world), await world().connect()]
    const insertion = `insert into events (id, at, type, subject, payload, xid) values ($1, now(), 'test.happened', $2, '{}', $3::xid8)`
    for (const xid of ['8', '9', '10', '11', '100']) await writer.query(insertion, [idOfTest(++sequence), xid, xid])
    await reader.catchUp()
    expect(reader.seen).toEqual(['8', '9', '10', '11', '100'])
  })

  test('R12: events of a dump, with transaction ids that this cluster has not reached, are noticed at the start and told', async () => {
    const writer = await world().connect()
    await world().core.start()
    expect(world().logger.lines.filter(({ message }) => message.includes('dump'))).toEqual([])
    await writer.query(
      `insert into events (id, at, type, subject, payload, xid) values ($1, now(), 'test.happened', 'restored', '{}', '1000000000')`,
      [idOfTest(++sequence)],
    )
    await world().core.start()
    expect(world().logger.lines.filter(({ message }) => message.includes('dump'))).toMatchObject([{ fields: { highest: '1000000000' } }])
  })
})
