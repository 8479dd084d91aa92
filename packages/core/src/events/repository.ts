import type { SqlEntityManager } from '@mikro-orm/sql'
import type { DomainEvent } from '../kernel/event.ts'
import { idOf, idOrNull, uuidOf, uuidOrNull, type Id } from '../kernel/id.ts'
import type { JsonObject } from '../kernel/json.ts'

export interface NewEvent extends DomainEvent {
  readonly id: Id<'evt'>
}

export const eventInsert = `insert into events (id, at, type, subject, organization_id, actor_id, payload)
  select e.id, ?::timestamptz, e.type, e.subject, e.organization, ?::uuid, e.payload
    from jsonb_to_recordset(?::jsonb) as e(id uuid, type text, subject text, organization uuid, payload jsonb)`

export function eventParameters(events: readonly NewEvent[], actorId: Id<'usr'> | null, at: Date): unknown[] {
  const records = events.map(({ id, type, subject, organizationId, payload }) => ({
    id: uuidOf(id),
    type,
    subject,
    organization: uuidOrNull(organizationId),
    payload,
  }))
  return [at, uuidOrNull(actorId), JSON.stringify(records)]
}

/** The position of a feed's reader: transaction and id of the last row it read. */
export interface FeedPosition {
  readonly xid: string
  readonly id: Id<'evt'>
}

export interface RecordedEvent extends DomainEvent {
  readonly position: FeedPosition
  readonly at: Date
}

/**
 * Reads events after a position, in an order that later commits cannot change: by (transaction, id), and only of transactions older than
 * every running one.
 */
export async function readEvents(em: SqlEntityManager, after: FeedPosition | null, limit: number): Promise<RecordedEvent[]> {
  const rows = await em.execute<EventRecord[]>(
    `select xid::text, id::text, (extract(epoch from at) * 1000)::float8 as at, type, subject, organization_id::text as organization, payload::text
      from events
      where xid < pg_snapshot_xmin(pg_current_snapshot()) and (?::xid8 is null or (xid, id) > (?::xid8, ?::uuid))
      order by events.xid, events.id limit ?`, // bare names would be the texts above: '10000' before '9999'
    [after?.xid ?? null, after?.xid ?? null, after === null ? null : uuidOf(after.id), limit],
  )
  return rows.map((row) => ({
    position: { xid: row.xid, id: idOf('evt', row.id) },
    at: new Date(row.at),
    type: row.type,
    subject: row.subject,
    organizationId: idOrNull('org', row.organization),
    payload: JSON.parse(row.payload) as JsonObject,
  }))
}

/**
 * Whether events carry transaction ids that this cluster has not reached: they come from a dump of another one, and `readEvents` shows
 * them, and all that are written from now on, only when it has caught up. Gives the highest; null: there are none.
 */
export async function foreignTransaction(em: SqlEntityManager): Promise<string | null> {
  const [row] = await em.execute<{ highest: string }[]>(
    'select xid::text as highest from events where xid > pg_snapshot_xmax(pg_current_snapshot()) order by xid desc, id desc limit 1',
  )
  return row?.highest ?? null
}

interface EventRecord {
  readonly xid: string
  readonly id: string
  readonly at: number
  readonly type: string
  readonly subject: string | null
  readonly organization: string | null
  readonly payload: string
}
