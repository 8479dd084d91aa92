import { Migration } from '@mikro-orm/migrations'

/** The running impersonations: every command that takes something away looks whether they may go on. */
export class RunningImpersonations extends Migration {
  override name = '0015-running-impersonations'

  override up(): void {
    this.addSql(
      `create index "sessions_running_impersonations_index" on "sessions" ("expires_at") where "impersonator_id" is not null and "ended_at" is null`,
    )
  }

  override down(): void {
    this.addSql(`drop index "sessions_running_impersonations_index"`)
  }
}
