import { sql, type SqlEntityManager } from '@mikro-orm/sql'
import type { PrepareContext } from '../kernel/context.ts'
import { idOf, uuidOf, uuidOrNull, type Id } from '../kernel/id.ts'
import { notFound } from '../kernel/errors.ts'
import type { OrganizationId } from '../organizations/index.ts'
import type { UserId } from '../users/index.ts'
import { TokenRow } from './entity.ts'
import { refreshPartnerOf } from './token-pair.ts'
import type { ApiToken, TokenId, TokenState } from './model.ts'

/** An API token; null: no such token. Other kinds are not shown to anybody. */
export function findToken(em: SqlEntityManager, id: TokenId): Promise<TokenRow | null> {
  return em.findOne(TokenRow, { id, kind: 'api' })
}

/** The owner of an API token, whom commands that change it lock first. */
export async function findTokenOwner(
  { reader }: Pick<PrepareContext, 'reader'>,
  { tokenId }: { readonly tokenId: TokenId },
): Promise<UserId | null> {
  return (await findToken(reader, tokenId))?.userId ?? null
}

export async function existingToken(em: SqlEntityManager, id: TokenId): Promise<TokenRow> {
  const found = await em.findOne(TokenRow, { id, kind: 'api' }, { refresh: true })
  if (found === null) throw notFound({ type: 'token' })
  return found
}

/** How many API tokens of a user are valid. Call it with the user's row locked. */
export async function countActive(em: SqlEntityManager, userId: UserId, now: Date): Promise<number> {
  const [row] = await em.execute<[{ count: number }]>(
    `select count(*)::int as count from tokens t where t.user_id = ? and t.kind = 'api' and t.revoked_at is null and (t.expires_at is null or t.expires_at > ?)`,
    [uuidOf(userId), now],
  )
  return row.count
}

/** Replaces a token, at once or at a later time; false: it was not valid any more. Of many concurrent calls one succeeds. */
export async function replaceToken(
  em: SqlEntityManager,
  { id, by, now, until }: { id: TokenId; by: TokenId; now: Date; until: Date },
): Promise<boolean> {
  const rows = await em.execute<unknown[]>(
    sql`update tokens set rotated_at = ${now}, replaced_by = ${uuidOf(by)},
        revoked_at = case when ${until}::timestamptz <= ${now}::timestamptz then ${now}::timestamptz end,
        expires_at = least(expires_at, ${until}::timestamptz)
      where id = ${uuidOf(id)} and kind = 'api' and revoked_at is null and rotated_at is null and (expires_at is null or expires_at > ${now}) returning 1`,
  )
  return rows.length > 0
}

/** Revokes a valid token; false: it was not valid any more. */
export async function endToken(em: SqlEntityManager, id: TokenId, now: Date): Promise<boolean> {
  const rows = await em.execute<unknown[]>(
    `update tokens set revoked_at = ? where id = ? and kind = 'api' and revoked_at is null and (expires_at is null or expires_at > ?) returning 1`,
    [now, uuidOf(id), now],
  )
  return rows.length > 0
}

export interface TokenSelection {
  readonly userId: UserId
  /** Only tokens that act in this organization or in any; null: all. */
  readonly within: OrganizationId | null
  readonly state: TokenState | undefined
  readonly now: Date
}

/** One page, newest first; one row more than asked tells whether there is another page. */
export async function newestTokens(
  em: SqlEntityManager,
  { userId, within, state, now }: TokenSelection,
  before: TokenId | null,
  limit: number,
): Promise<ApiToken[]> {
  const [organization, position] = [uuidOrNull(within), uuidOrNull(before)]
  const rows = await em.execute<{ id: string }[]>(
    sql`select t.id::text as id from tokens t
      where t.user_id = ${uuidOf(userId)} and t.kind = 'api'
        and (${organization}::uuid is null or t.organization_id is null or t.organization_id = ${organization}::uuid)
        and (${state ?? null}::text is null or ${stateInSql(now)} = ${state ?? null}::text) and (${position}::uuid is null or t.id < ${position}::uuid)
      order by t.id desc limit ${limit + 1}`,
  )
  const ids = rows.map(({ id }) => idOf('tok', id))
  const found = await em.find(TokenRow, { id: { $in: ids } }, { orderBy: { id: 'desc' } })
  return found.map((row) => shownToken(row, now))
}

/** `stateOf` in SQL. */
function stateInSql(now: Date) {
  return sql`case when t.revoked_at is not null then case when t.replaced_by is null then 'revoked' else 'replaced' end
    when t.expires_at <= ${now} then case when t.replaced_by is null then 'expired' else 'replaced' end else 'active' end`
}

function stateOf({ revokedAt, expiresAt, replacedBy }: TokenRow, now: Date): TokenState {
  const over = revokedAt !== null ? 'revoked' : expiresAt !== null && expiresAt <= now ? 'expired' : null
  if (over === null) return 'active'
  return replacedBy === null ? over : 'replaced'
}

/** A token as it is shown. */
export function shownToken(row: TokenRow, now: Date): ApiToken {
  const { id, userId, name, scopes, organizationId, allowedIps, createdBy, createdAt, expiresAt, lastUsedAt, revokedAt, replacedBy } = row
  const shown = { scopes, organizationId, allowedIps, createdBy, createdAt, expiresAt, lastUsedAt, revokedAt, replacedBy }
  return { id, userId, name: name ?? '', prefix: `dnz_api_${id.slice(id.indexOf('_') + 1)}`, state: stateOf(row, now), ...shown }
}

/**
 * Stores when pairs were first used, at their refresh tokens, by the ids of access tokens. Locked rows are skipped: this waits for no lock.
 */
export async function writePairsUsed(em: SqlEntityManager, used: readonly (readonly [access: Id<'tok'>, at: Date])[]): Promise<void> {
  const ids = used.map(([id]) => uuidOf(refreshPartnerOf(id)))
  const times = used.map(([, at]) => at.toISOString())
  await em.execute(
    `with there as (
        select t.id, u.at from unnest(?::uuid[], ?::timestamptz[]) as u (id, at) join tokens t on t.id = u.id
          where t.kind = 'refresh' and t.last_used_at is null order by t.id for no key update of t skip locked)
      update tokens t set last_used_at = there.at from there where t.id = there.id`,
    [`{${ids.join(',')}}`, `{${times.join(',')}}`],
    'run',
  )
}

/** Stores when tokens were last used, unless a later time is stored. Locked rows are skipped: this waits for no lock. */
export async function writeLastUsed(em: SqlEntityManager, used: readonly (readonly [id: Id<'tok'>, at: Date])[]): Promise<void> {
  const ids = used.map(([id]) => uuidOf(id))
  const times = used.map(([, at]) => at.toISOString())
  await em.execute(
    `with there as (
        select t.id, u.at from unnest(?::uuid[], ?::timestamptz[]) as u (id, at) join tokens t on t.id = u.id
          order by t.id for no key update of t skip locked)
      update tokens t set last_used_at = there.at from there where t.id = there.id and (t.last_used_at is null or t.last_used_at < there.at)`,
    [`{${ids.join(',')}}`, `{${times.join(',')}}`],
    'run',
  )
}
