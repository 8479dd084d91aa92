import { Migration } from '@mikro-orm/migrations'

/** An impersonation ends with the session that it was begun in. Those that do not know theirs are over. */
export class Impersonation extends Migration {
  override name = '0008-impersonation'

  override up(): void {
    this.addSql(`alter table "sessions" add "impersonator_session_id" uuid null`)
    this.addSql(
      `create index "sessions_impersonator_session_index" on "sessions" ("impersonator_session_id") where "impersonator_session_id" is not null`,
    )
  }

  override down(): void {
    this.addSql(`alter table "sessions" drop column "impersonator_session_id"`)
  }
}
