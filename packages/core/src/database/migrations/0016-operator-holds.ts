import { Migration } from '@mikro-orm/migrations'

/** What an operator took away is recorded for each thing by itself: what the organization took besides, it gives back. */
export class OperatorHolds extends Migration {
  override name = '0016-operator-holds'

  override up(): void {
    this.addSql(`alter table "users" add "operator_holds" text[] not null default '{}'`)
    this.addSql(`update "users" set "operator_holds" = array_remove(array[
        case when "status" = 'archived' then 'archive' end,
        case when "grants_frozen_at" is not null then 'grants' end,
        case when coalesce("archived_status", "status") in ('inactive', 'suspended') then 'status' end], null)
      where "locked_by_operator"`)
    this.addSql(`alter table "users" drop column "locked_by_operator"`)
  }

  override down(): void {
    this.addSql(`alter table "users" add "locked_by_operator" boolean not null default false`)
    this.addSql(`update "users" set "locked_by_operator" = true where "operator_holds" && array['archive', 'grants', 'status']`)
    this.addSql(`alter table "users" drop column "operator_holds"`)
  }
}
