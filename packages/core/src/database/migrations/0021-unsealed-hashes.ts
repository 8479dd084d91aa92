import { Migration } from '@mikro-orm/migrations'

const isUnsealed = `(hash like '$hmac-%' and hash not like '%$~%' or hash like '$bcrypt$%:%' or hash like '$scrypt-firebase$%:%')`

/** Hashes with a secret in clear, which the start after this migration seals: it finds them however many others there are. */
export class UnsealedHashes extends Migration {
  override name = '0021-unsealed-hashes'

  override up(): void {
    this.addSql(`create index "passwords_unsealed_index" on "passwords" ("user_id") where ${isUnsealed}`)
    this.addSql(`create index "former_passwords_unsealed_index" on "former_passwords" ("id") where ${isUnsealed}`)
  }

  override down(): void {
    this.addSql('drop index "passwords_unsealed_index"')
    this.addSql('drop index "former_passwords_unsealed_index"')
  }
}
