import { Migration } from '@mikro-orm/migrations'

/** Trusted since PostgreSQL 13: whoever owns the database may create it (see docs/operations.md). */
const extension = `create extension if not exists pg_trgm`

const searchText = `translate(lower((chr(10) || username || chr(10) || coalesce(email, '') || chr(10) || coalesce(full_name, '')) collate "default"), 'ς' || chr(775), 'σ')`

const columns = [
  `drop index "users_status_index"`,
  // By code points: the indexes that keep them unique then also serve their order and their beginnings, in any locale.
  `alter table "users" alter column "username" type text collate "C", alter column "email" type text collate "C"`,
  `alter table "users" add "search_text" text generated always as (${searchText}) stored not null`,
]

const indexes = [
  // The order by updatedAt: without it every page sorts all users.
  `create index "users_updated_at_index" on "users" ("updated_at", "id")`,
  // Everybody who is not active (a thousand of a million: 80 kB). Those who are active are met at once in any other order, and cost it nothing.
  `create index "users_status_index" on "users" ("status", "created_at", "id") where "status" <> 'active'`,
  // The same for programs and anonymous users.
  `create index "users_kind_index" on "users" ("kind", "created_at", "id") where "kind" <> 'human'`,
  // Who has no address comes last in the order by address, by id. Costs users with an address nothing.
  `create index "users_without_email_index" on "users" ("id") where "email" is null`,
  // Beginnings of full names. The trigram index cannot give them in order, and has nothing for one or two letters.
  `create index "users_full_name_index" on "users" ((translate(lower(full_name), 'ς' || chr(775), 'σ') collate "C"), "id") where "full_name" is not null`,
  // Parts of names and addresses: 2 to 4 ms among a million instead of a walk through all. One over the stored text (79 MB) and not three: most addresses repeat the name.
  `create index "users_search_index" on "users" using gin ("search_text" gin_trgm_ops)`,
]

export class Directory extends Migration {
  override name = '0003-directory'

  override up(): void {
    for (const statement of [extension, ...columns, ...indexes]) this.addSql(statement)
  }

  /** The extension stays: by now others may be using it. */
  override down(): void {
    for (const name of ['updated_at', 'status', 'kind', 'without_email', 'full_name', 'search'])
      this.addSql(`drop index "users_${name}_index"`)
    this.addSql(`alter table "users" drop column "search_text"`)
    this.addSql(`alter table "users" alter column "username" type text collate "default", alter column "email" type text collate "default"`)
    this.addSql(`create index "users_status_index" on "users" ("status", "created_at", "id")`)
  }
}
