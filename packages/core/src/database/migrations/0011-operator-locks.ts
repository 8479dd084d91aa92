import { Migration } from '@mikro-orm/migrations'

/**
 * What an operator took away only an operator gives back. Who did it was not recorded: what was not done by a present member of the
 * account's home organization counts as an operator's.
 */
export class OperatorLocks extends Migration {
  override name = '0011-operator-locks'

  override up(): void {
    this.addSql(`alter table "users" add "locked_by_operator" boolean not null default false`)
    this.addSql(`update "users" u set "locked_by_operator" = true
      where ("status" in ('inactive', 'suspended', 'archived') or "grants_frozen_at" is not null)
        and not exists (select 1 from "memberships" m where m."user_id" = u."status_changed_by" and m."organization_id" = u."home_organization_id")`)
  }

  override down(): void {
    this.addSql(`alter table "users" drop column "locked_by_operator"`)
  }
}
