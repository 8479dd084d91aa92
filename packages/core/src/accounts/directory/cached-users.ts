import { sql } from 'kysely'
import { markImmutable } from '../../kernel/immutable.ts'
import type { RunSelect, Reader } from '../../kernel/select.ts'
import { statement } from '../../kernel/statement.ts'
import type { ManagedUser, Account } from '../../users/index.ts'
import { compiled, rowsOf, userColumns, userIn, type UserRecord } from './rows.ts'
import { allOf, type Sql } from './sql.ts'

/** Which user a row is, in which version. */
export interface UserRef {
  readonly id: string
  readonly version: string
}

/**
 * Whatever writes a row of PostgreSQL changes its xmin. Two databases that were one (a replica that
 * took over before it had everything) may come to the same xmin, but not also to the same count and time of changes.
 */
export const versionColumn = sql.raw(`u.xmin::text || '.' || u.version || '.' || (date_part('epoch', u.updated_at) * 1e6)::int8`)

/** The columns of `users as u` that make a `UserRef`; a subquery has to hand xmin on. */
export const refColumns = sql`u.id::text as id, ${versionColumn} as version`

/** How a user was found. */
export type Match = 'exact' | 'prefix' | 'substring' | 'similar'

type MatchedUser = ManagedUser & { readonly match: Match }

/** A user that was found, and as what it is shown. */
export class FoundUser {
  readonly user: Account
  #masked: ManagedUser | undefined
  #matched: Map<string, MatchedUser> | undefined
  #again = false

  constructor(user: Account) {
    this.user = user
  }

  /** It was read once and is asked for again: from now on what it is shown as lasts. Of those who come once, nothing is remembered for that. */
  again(): this {
    this.#again = true
    return this
  }

  /** @param whole To somebody who may change it. */
  shown(whole: boolean): ManagedUser {
    const shown = whole ? this.user : (this.#masked ??= { ...this.user, privateMetadata: null })
    return this.#again ? markImmutable(shown) : shown
  }

  matched(whole: boolean, match: Match): MatchedUser {
    const name = `${match} ${whole}`
    const known = this.#matched?.get(name)
    if (known !== undefined) return known
    const made = { ...this.user, privateMetadata: whole ? this.user.privateMetadata : null, match }
    if (this.#again) (this.#matched ??= new Map()).set(name, markImmutable(made))
    return made
  }
}

/**
 * The users that were found, in the same order; of those that are remembered in this version, nothing is
 * read. Whoever changed meanwhile is as it is now, and left out if `condition` is no longer true of it.
 */
export async function usersOf<Ref extends UserRef>(
  { select, cachedRows }: Reader,
  refs: readonly Ref[],
  condition: Sql,
): Promise<readonly { readonly ref: Ref; readonly found: FoundUser }[]> {
  const known = new Map<string, FoundUser>()
  for (const { id, version } of refs) {
    const found = cachedRows?.get(id, version)
    if (found instanceof FoundUser) known.set(id, found.again())
  }
  const missing = refs.flatMap(({ id }) => (known.has(id) ? [] : [id]))
  if (missing.length > 0) {
    for (const row of await recordsOf(select, missing, condition)) {
      const found = new FoundUser(userIn(row))
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

function recordsOf(look: RunSelect, ids: readonly string[], condition: Sql): Promise<VersionedRecord[]> {
  return rowsOf<VersionedRecord>(look, recordsBy(ids, condition))
}

function recordsBy(ids: readonly string[], condition: Sql): Sql {
  return sql`select ${userColumns}, ${versionColumn} as version from users u where u.id = any(${`{${ids.join(',')}}`}::uuid[]) and ${condition}`
}

// Planning this costs the database more than running it.
statement('users_by_id', compiled(recordsBy([], allOf([]))).sql)
