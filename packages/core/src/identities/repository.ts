import type { SqlEntityManager } from '@mikro-orm/sql'
import { idOf } from '../kernel/id.ts'
import type { UserId } from '../users/index.ts'
import { IdentityRow } from './entity.ts'

/** What the provider says it is: only together do the two name anybody. */
export interface IssuerAndSubject {
  readonly issuer: string
  readonly subject: string
}

/** The identity of a subject, its user's row locked; null: nobody has it. */
export async function lockIdentity(em: SqlEntityManager, { issuer, subject }: IssuerAndSubject): Promise<IdentityRow | null> {
  const [row] = await em.execute<{ id: string }[]>(
    `select i.id::text as id from identities i join users u on u.id = i.user_id where i.issuer = ? and i.subject = ? for no key update of u`,
    [issuer, subject],
  )
  // Again, under the lock: it may have been unlinked while we waited.
  return row === undefined ? null : em.findOne(IdentityRow, { id: idOf('idn', row.id) })
}

/** Locks the account with an address, and says whose it is; null: nobody has one. */
export async function lockUserWith(em: SqlEntityManager, email: string): Promise<UserId | null> {
  const [row] = await em.execute<{ id: string }[]>('select id::text as id from users where email = ? for no key update', [email])
  return row === undefined ? null : idOf('usr', row.id)
}

/** Takes an event of a provider in, once. false: it was taken in before. */
export async function recordEvent(em: SqlEntityManager, provider: string, eventId: string, now: Date): Promise<boolean> {
  const taken = await em.execute<unknown[]>(
    'insert into provider_events (provider, event_id, received_at) values (?, ?, ?) on conflict do nothing returning 1',
    [provider, eventId, now],
  )
  return taken.length === 1
}

/** Under which an end is remembered: providers never give a subject out twice, so that what comes later is older news. */
const endOf = (subject: string): string => `deleted:${subject}`

/** Remembers that a provider has deleted somebody. false: it was known. */
export function recordDeletion(em: SqlEntityManager, provider: string, subject: string, now: Date): Promise<boolean> {
  return recordEvent(em, provider, endOf(subject), now)
}

/** Whether a provider has deleted somebody. */
export async function wasDeleted(em: SqlEntityManager, provider: string, subject: string): Promise<boolean> {
  const rows = await em.execute<unknown[]>('select 1 from provider_events where provider = ? and event_id = ?', [provider, endOf(subject)])
  return rows.length > 0
}
