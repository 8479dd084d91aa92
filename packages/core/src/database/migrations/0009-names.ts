import { Migration } from '@mikro-orm/migrations'
import { idOf } from '../../kernel/id.ts'
import { folded, usernameForm, usernameProblem } from '../../text/index.ts'
import { hasOnlyAscii, skeletonOf } from '../../users/skeleton.ts'
import { otherUsername, usernameFrom } from '../../users/model.ts'

/** What is compared is made by Denizen, and not by `lower`, whose letters depend on the locale of the database. */
const columns = [
  `alter table "users" add "username_skeleton" text collate "C" null, add "folded_full_name" text collate "C" null, add "folded_display_name" text collate "C" null`,
  `create unique index "users_look_unique" on "users" (coalesce("username_skeleton", "username"))`,
]

/** Of ASCII the database makes the same as Denizen does. */
const foldAscii = ['full_name', 'display_name'].map(
  (name) => `update "users" set "folded_${name}" = lower("${name}" collate "C") where octet_length("${name}") = char_length("${name}")`,
)

const searchText = `(translate(chr(10) || username || chr(10) || coalesce(email, '') || chr(10) || coalesce(folded_full_name, ''), 'ς' || chr(775), 'σ') collate "default")`
const formerSearchText = `translate(lower((chr(10) || username || chr(10) || coalesce(email, '') || chr(10) || coalesce(full_name, '')) collate "default"), 'ς' || chr(775), 'σ')`

const searchOver = (expression: string) => [
  `drop index "users_full_name_index"`,
  `drop index "users_search_index"`,
  `alter table "users" drop column "search_text"`,
  `alter table "users" add "search_text" text generated always as (${expression}) stored not null`,
]

const checks = [
  `alter table "users" add constraint "users_skeleton_stored" check (username_skeleton is not null or octet_length(username) = char_length(username))`,
  `alter table "users" add constraint "users_names_folded" check ((full_name is null) = (folded_full_name is null) and (display_name is null) = (folded_display_name is null))`,
]

const indexes = (fullName: string, condition: string) => [
  `create index "users_full_name_index" on "users" (${fullName}, "id") where "${condition}" is not null`,
  `create index "users_search_index" on "users" using gin ("search_text" gin_trgm_ops)`,
]

/** Names that only this can put into their form: of other letters than ASCII's, or with the form of an id. */
const otherNames = `select id::text as id, username, full_name, display_name, octet_length(username) <> char_length(username) as other
  from users where id > ?::uuid and (octet_length(concat(username, full_name, display_name)) <> char_length(concat(username, full_name, display_name))
    or username ~ '^([a-z]+_[0-9a-z]{26}|[0-9a-f]{8}-{0,1}([0-9a-f]{4}-{0,1}){3}[0-9a-f]{12})$') order by id limit 1000`

interface OtherNames {
  readonly id: string
  readonly username: string
  readonly full_name: string | null
  readonly display_name: string | null
}

/**
 * Names have one form. Usernames in another, which nobody could type any more, get theirs; where somebody else has it, or it is
 * not allowed, one made from it with a suffix, and the audit log says so. Those that only look like another's stay.
 */
export class Names extends Migration {
  override name = '0009-names'

  override async up(): Promise<void> {
    const statements = [...columns, ...foldAscii]
    // Without a transaction this is a plan: it says the statements, and reads nothing.
    if (this.ctx === undefined) for (const statement of statements) this.addSql(statement)
    else {
      for (const statement of statements) await this.execute(statement)
      await this.convert()
    }
    for (const statement of [...searchOver(searchText), ...checks, ...indexes('"folded_full_name"', 'folded_full_name')])
      this.addSql(statement)
  }

  override down(): void {
    for (const name of ['users_skeleton_stored', 'users_names_folded']) this.addSql(`alter table "users" drop constraint "${name}"`)
    for (const statement of searchOver(formerSearchText)) this.addSql(statement)
    for (const statement of indexes(`(translate(lower(full_name), 'ς' || chr(775), 'σ') collate "C")`, 'full_name')) this.addSql(statement)
    this.addSql(`drop index "users_look_unique"`)
    this.addSql(`alter table "users" drop column "username_skeleton", drop column "folded_full_name", drop column "folded_display_name"`)
  }

  private async convert(): Promise<void> {
    let last = '00000000-0000-0000-0000-000000000000'
    for (;;) {
      const rows = (await this.execute(otherNames, [last])) as OtherNames[]
      for (const row of rows) await this.convertOne(row)
      const end = rows.at(-1)
      if (end === undefined) return
      last = end.id
    }
  }

  private async convertOne({ id, username, full_name: fullName, display_name: displayName }: OtherNames): Promise<void> {
    const name = await this.nameFor(id, username)
    await this.execute(
      'update users set username = ?, username_skeleton = ?, folded_full_name = ?, folded_display_name = ? where id = ?::uuid',
      [name, await this.skeletonFor(id, name), fullName && folded(fullName), displayName && folded(displayName), id],
    )
    if (name !== username) await this.record(id, username, name)
  }

  private async nameFor(id: string, username: string): Promise<string> {
    const form = usernameForm(username)
    if (form === username && usernameProblem(form) === null) return username
    const wanted = usernameProblem(form) === null ? form : usernameFrom(username)
    return wanted === form && !(await this.isTaken(id, wanted)) ? wanted : otherUsername(wanted, idOf('usr', id))
  }

  /** Somebody who has long been called so keeps the name, though it looks like another's. */
  private async skeletonFor(id: string, name: string): Promise<string | null> {
    if (hasOnlyAscii(name)) return null
    const skeleton = skeletonOf(name)
    return (await this.isTaken(id, skeleton)) ? `${skeleton} ${id}` : skeleton
  }

  private async isTaken(id: string, name: string): Promise<boolean> {
    const found: unknown[] = await this.execute(
      'select 1 from users where id <> ?::uuid and (username = ? or coalesce(username_skeleton, username) = ?)',
      [id, name, name],
    )
    return found.length > 0
  }

  private async record(id: string, from: string, to: string): Promise<void> {
    await this.execute(
      `insert into audit_entries (id, at, action, outcome, actor_kind, actor_reason, target_type, target_id, request_id, duration_ms, changes)
        values (gen_random_uuid(), now(), 'users.update', 'succeeded', 'system', 'usernames have one form', 'user', ?, ?, 0, ?::jsonb)`,
      [idOf('usr', id), this.name, JSON.stringify({ username: { from, to } })],
    )
  }
}
