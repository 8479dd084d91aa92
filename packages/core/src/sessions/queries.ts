import type { SqlEntityManager } from '@mikro-orm/sql'
import type { Actor } from '../kernel/actor.ts'
import { idOf, idOrNull, uuidOf, type Id } from '../kernel/id.ts'
import type { Position } from '../kernel/page.ts'
import type { UserId } from '../users/index.ts'
import type { EndReason, Session, SessionId } from './model.ts'

/** A session's row; times in milliseconds, so that both drivers read them alike. */
interface SessionRecord {
  readonly id: string
  readonly user: string
  readonly organization: string | null
  readonly created_at: number
  readonly last_seen_at: number
  readonly expires_at: number
  readonly ended_at: number | null
  readonly end_reason: EndReason | null
  readonly ended_by: string | null
  readonly ip: string | null
  readonly user_agent: string | null
  readonly device: string | null
  readonly os: string | null
  readonly browser: string | null
  readonly auth_methods: string
  readonly assurance: 'aal1' | 'aal2'
  readonly impersonator: string | null
  readonly impersonator_name: string | null
}

/** A selection of a user's sessions. */
export interface SessionSelection {
  readonly userId: UserId
  /** Only sessions that are active at this time. */
  readonly runningAt?: Date
  /** Only sessions used since then, last used first. */
  readonly seenSince?: Date
  readonly position: Position | null
  readonly limit: number
}

const milliseconds = (column: string): string => `(extract(epoch from s.${column}) * 1000)::float8 as ${column}`

const columns = `s.id::text as id, s.user_id::text as user, s.organization_id::text as organization, s.end_reason,
    s.ended_by::text as ended_by, host(s.ip) as ip, s.user_agent, s.device, s.os, s.browser, array_to_json(s.auth_methods)::text as auth_methods,
    s.assurance, i.id::text as impersonator, i.username as impersonator_name,
    ${['created_at', 'last_seen_at', 'expires_at', 'ended_at'].map(milliseconds).join(', ')}
  from sessions s left join users i on i.id = s.impersonator_id`

/** One page, plus one row that tells whether there is another page. */
export async function selectSessions(em: SqlEntityManager, selection: SessionSelection): Promise<readonly SessionRecord[]> {
  const { userId, runningAt, seenSince, position, limit } = selection
  const conditions = ['s.user_id = ?']
  const parameters: unknown[] = [uuidOf(userId)]
  if (runningAt !== undefined) {
    conditions.push('s.ended_at is null and s.expires_at > ?')
    parameters.push(runningAt)
  }
  if (seenSince !== undefined) {
    conditions.push('s.last_seen_at > ?')
    parameters.push(seenSince)
  }
  if (position !== null) {
    const [id, seenAt] = position
    conditions.push(seenSince === undefined ? 's.id < ?::uuid' : '(s.last_seen_at, s.id) < (?::timestamptz, ?::uuid)')
    parameters.push(...(seenSince === undefined ? [id] : [new Date(Number(seenAt)), id]))
  }
  const order = seenSince === undefined ? 's.id desc' : 's.last_seen_at desc, s.id desc'
  return em.execute(`select ${columns} where ${conditions.join(' and ')} order by ${order} limit ?`, [...parameters, limit + 1])
}

/** Where a page ends. */
export function positionOf({ id, last_seen_at: seenAt }: SessionRecord): Position {
  return [id, seenAt]
}

export async function selectSession(em: SqlEntityManager, id: SessionId): Promise<SessionRecord | null> {
  const [row] = await em.execute<SessionRecord[]>(`select ${columns} where s.id = ?`, [uuidOf(id)])
  return row ?? null
}

/** A session as its viewer may see it. Its organization is shown to its user, and to those who may see the organization. */
export function visibleSession(actor: Actor, record: SessionRecord): Session {
  const id = idOf('ses', record.id)
  const organizationId = idOrNull('org', record.organization)
  return {
    id,
    userId: idOf('usr', record.user),
    organizationId: organizationId !== null && mayKnowOrganization(actor, record, organizationId) ? organizationId : null,
    createdAt: new Date(record.created_at),
    lastSeenAt: new Date(record.last_seen_at),
    expiresAt: new Date(record.expires_at),
    endedAt: record.ended_at === null ? null : new Date(record.ended_at),
    endReason: record.end_reason,
    endedBy: idOrNull('usr', record.ended_by),
    ip: record.ip,
    userAgent: record.user_agent,
    device: record.device,
    os: record.os,
    browser: record.browser,
    authMethods: JSON.parse(record.auth_methods) as string[],
    assurance: record.assurance,
    impersonator:
      record.impersonator === null ? null : { userId: idOf('usr', record.impersonator), username: record.impersonator_name ?? '' },
    current: actor.kind === 'user' && actor.principal.sessionId === id,
  }
}

function mayKnowOrganization(actor: Actor, { user }: SessionRecord, organizationId: Id<'org'>): boolean {
  if (actor.kind !== 'user') return actor.kind === 'system'
  const { userId, grants } = actor.principal
  return userId === idOf('usr', user) || grants.allows('organizations.get', organizationId)
}
