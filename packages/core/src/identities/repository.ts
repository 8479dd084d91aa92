import type { SqlEntityManager } from '@mikro-orm/sql'
import { builtInRoles, loadAssignedGrants } from '../grants/index.ts'
import { idOf, uuidOf } from '../kernel/id.ts'
import type { Settings } from '../kernel/settings.ts'
import { lockUser, type UserId } from '../users/index.ts'
import { IdentityRow } from './entity.ts'
import type { Identity } from './model.ts'

/** Issuer and subject: only together they identify a user. */
export interface IssuerAndSubject {
  readonly issuer: string
  readonly subject: string
}

/** Finds an identity, and locks its user; null: not linked. */
export async function lockIdentity(em: SqlEntityManager, { issuer, subject }: IssuerAndSubject): Promise<IdentityRow | null> {
  const [found] = await em.execute<{ user: string }[]>('select user_id::text as user from identities where issuer = ? and subject = ?', [
    issuer,
    subject,
  ])
  if (found === undefined) return null
  const userId = idOf('usr', found.user)
  await lockUser(em, userId)
  // Read again under the lock: it may have been unlinked meanwhile.
  return em.findOne(IdentityRow, { issuer, subject, userId })
}

/** Whether an account may do more than everybody may, or administers an organization. */
export async function hasPowers(em: SqlEntityManager, userId: UserId): Promise<boolean> {
  const usual: readonly string[] = builtInRoles.user.permissions
  const grants = await loadAssignedGrants(em, userId)
  if (grants.some(({ permissions }) => permissions.some((permission) => !usual.includes(permission)))) return true
  const rows = await em.execute<unknown[]>(`select 1 from memberships where user_id = ? and role <> 'member' limit 1`, [uuidOf(userId)])
  return rows.length > 0
}

/** Records an event of a provider. false: it was processed before. */
export async function recordEvent(em: SqlEntityManager, provider: string, eventId: string, now: Date): Promise<boolean> {
  const taken = await em.execute<unknown[]>(
    'insert into provider_events (provider, event_id, received_at) values (?, ?, ?) on conflict do nothing returning 1',
    [provider, eventId, now],
  )
  return taken.length === 1
}

/** The key of a deletion: subjects are never reused, so any later event is outdated. */
const endOf = (subject: string): string => `deleted:${subject}`

/** Records that a provider deleted a user. false: known already. */
export function recordDeletion(em: SqlEntityManager, provider: string, subject: string, now: Date): Promise<boolean> {
  return recordEvent(em, provider, endOf(subject), now)
}

/** Whether a provider deleted a user. */
export async function wasDeleted(em: SqlEntityManager, provider: string, subject: string): Promise<boolean> {
  const rows = await em.execute<unknown[]>('select 1 from provider_events where provider = ? and event_id = ?', [provider, endOf(subject)])
  return rows.length > 0
}

/** An identity as it is shown. */
export function shownIdentity(row: IdentityRow, { identityProviders }: Settings): Identity {
  const { id, issuer, subject, email, emailVerified, createdAt, lastUsedAt } = row
  const provider = identityProviders.find((known) => known.issuer === issuer)?.id ?? null
  return { id, provider, issuer, subject, email, emailVerified, createdAt, lastUsedAt }
}
