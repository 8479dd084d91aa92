import { Migration } from '@mikro-orm/migrations'

/** An impersonation is limited to the organization whose permission it was begun by. Those that do not know theirs are over. */
export class ImpersonationLimits extends Migration {
  override name = '0010-impersonation-limits'

  override up(): void {
    this.addSql(`alter table "sessions" add "only_organization_id" uuid null`)
    this.addSql(endImpersonations)
  }

  override down(): void {
    this.addSql(endImpersonations)
    this.addSql(`alter table "sessions" drop column "only_organization_id"`)
  }
}

const endImpersonations = `update "sessions" set "ended_at" = now(), "end_reason" = 'impersonationOver', "ended_by" = "impersonator_id"
  where "impersonator_id" is not null and "ended_at" is null`
