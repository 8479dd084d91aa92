import { sql } from 'kysely'
import { markImmutable } from '../../serialization/index.ts'
import type { RunSelect, Reader } from '../../kernel/select.ts'
import { statement } from '../../kernel/statement.ts'
import type { ManagedUser, Account } from '../../users/index.ts'
import { compiled, rowsOf, userColumns, userIn, type UserRecord } from './rows.ts'
import { allOf, type Sql } from './sql.ts'

/** The id of a user, and the version of its row. */
export interface UserRef {
  readonly id: string
  readonly version: string
}

/**
 * Every write to a PostgreSQL row changes its xmin. Two databases with a common past (a replica that
 * was promoted early) may reach the same xmin, but not also the same version and time of change.
 */
export const versionColumn = sql.raw(`u.xmin::text || '.' || u.version || '.' || (date_part('epoch', u.updated_at) * 1e6)::int8`)

/** The columns of `users as u` that make a `UserRef`; a subquery must pass xmin on. */
export const refColumns = sql`u.id::text as id, ${versionColumn} as version`

/** How a user matched a search. */
export type Match = 'exact' | 'prefix' | 'substring' | 'similar'

type MatchedUser = ManagedUser & { readonly match: Match }

/** A user, and the objects that are shown of it. */
export class CachedUser {
  readonly user: Account
  #masked: ManagedUser | undefined
  #matched: Map<string, MatchedUser> | undefined
  #again = false

  constructor(user: Account) {
    this.user = user
  }

  /** Called when it is read again: from then on the shown objects are immutable and can be cached. Users read once cost nothing extra. */
  again(): this {
    this.#again = true
    return this
  }

  /** @param whole whether the viewer may see all fields. */
  visibleAs(whole: boolean): ManagedUser {
    const shown = whole ? this.user : (this.#masked ??= { ...this.user, privateMetadata: null })
    return this.#again ? markImmutable(shown) : shown
  }

  visibleMatch(whole: boolean, match: Match): MatchedUser {
    const name = `${match} ${whole}`
    const known = this.#matched?.get(name)
    if (known !== undefined) return known
    const made = { ...this.user, privateMetadata: whole ? this.user.privateMetadata : null, match }
    if (this.#again) (this.#matched ??= new Map()).set(name, markImmutable(made))
    return made
  }
}

/**
 * Loads users in the order of their refs; those cached in this version are not
 * read. A user that changed meanwhile comes as it is now, or is left out if it no longer matches `condition`.
 */
export async function loadUsers<Ref extends UserRef>(
  { select, cachedRows }: Reader,
  refs: readonly Ref[],
  condition: Sql,
): Promise<readonly { readonly ref: Ref; readonly found: CachedUser }[]> {
  const known = new Map<string, CachedUser>()
  for (const { id, version } of refs) {
    const found = cachedRows?.get(id, version)
    if (found instanceof CachedUser) known.set(id, found.again())
  }
  const missing = refs.flatMap(({ id }) => (known.has(id) ? [] : [id]))
  if (missing.length > 0) {
    for (const row of await recordsOf(select, missing, condition)) {
      const found = new CachedUser(userIn(row))
      cachedRows?.set(row.id, row.version, found)
      known.set(row.id, found)
    }
  }
  return refs.flatMap((ref) => {
    const found = known.get(ref.id)
    return found === undefined ? [] : [{ ref, found }]
  })
}

interface VersionedRecord extends UserRecord {
  readonly version: string
}

function recordsOf(select: RunSelect, ids: readonly string[], condition: Sql): Promise<VersionedRecord[]> {
  return rowsOf<VersionedRecord>(select, recordsBy(ids, condition))
}

function recordsBy(ids: readonly string[], condition: Sql): Sql {
  return sql`select ${userColumns}, ${versionColumn} as version from users u where u.id = any(${`{${ids.join(',')}}`}::uuid[]) and ${condition}`
}

// Planning this costs the database more than running it.
statement('users_by_id', compiled(recordsBy([], allOf([]))).sql)
