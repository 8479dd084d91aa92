import type { SqlEntityManager } from '@mikro-orm/sql'
import { idOf } from '../kernel/id.ts'
import { lockUser } from '../users/index.ts'
import { IdentityRow } from './entity.ts'

/** What the provider says it is: only together do the two name anybody. */
export interface IssuerAndSubject {
  readonly issuer: string
  readonly subject: string
}

/** The identity of a subject, its user locked; null: nobody has it. */
export async function lockIdentity(em: SqlEntityManager, { issuer, subject }: IssuerAndSubject): Promise<IdentityRow | null> {
  const [found] = await em.execute<{ user: string }[]>('select user_id::text as user from identities where issuer = ? and subject = ?', [
    issuer,
    subject,
  ])
  if (found === undefined) return null
  const userId = idOf('usr', found.user)
  await lockUser(em, userId)
  // Again, under the lock: it may have been unlinked while we waited.
  return em.findOne(IdentityRow, { issuer, subject, userId })
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
