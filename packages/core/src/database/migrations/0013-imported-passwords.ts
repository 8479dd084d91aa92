import { Migration } from '@mikro-orm/migrations'

/** Which kinds of imported hashes are held: refusals take as long as the slowest. */
export class ImportedPasswords extends Migration {
  override name = '0013-imported-passwords'

  override up(): void {
    this.addSql(`create index "passwords_imported_index" on "passwords"
      ((split_part("hash", '$', 2) || '$' || split_part("hash", '$', 3) || '$' || length(split_part("hash", '$', 5))::text))
      where "hash" like '$pbkdf2-%'`)
  }

  override down(): void {
    this.addSql(`drop index "passwords_imported_index"`)
  }
}
