import { Migration } from '@mikro-orm/migrations'

/** Who limited an account to addresses: a reset by mail and an organization lift no operator's limit. Of earlier ones nobody knows: null. */
export class WhoLimited extends Migration {
  override name = '0014-who-limited'

  override up(): void {
    this.addSql(`alter table "users" add "limited_by" text null`)
  }

  override down(): void {
    this.addSql(`alter table "users" drop column "limited_by"`)
  }
}
