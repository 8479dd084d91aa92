import { Migration } from '@mikro-orm/migrations'

/** Which kinds of hashes are held, imported ones among them: refusals take as long as the slowest. */
export class ImportedPasswords extends Migration {
  override name = '0013-imported-passwords'

  override up(): void {
    this.addSql(`create index "passwords_kind_index" on "passwords"
      ((substring("hash" from '^(.*)[$][^$]*[$][^$]*$') || '$' || length(substring("hash" from '[^$]*$'))::text))`)
  }

  override down(): void {
    this.addSql(`drop index "passwords_kind_index"`)
  }
}
