import type { SqlEntityManager } from '@mikro-orm/sql'
import { openSealed } from '../kernel/sealed.ts'
import type { Cipher } from '../ports/cipher.ts'
import type { Hasher } from '../ports/hasher.ts'

/**
 * Some systems hash passwords with a secret besides the salt: a pepper behind the password, the key of an HMAC, the signer key of a Firebase project. It is
 * what keeps whoever steals their database from trying passwords, and comes here with the hashes. So the part that holds it is
 * sealed under the master key: `$hmac-sha256$of=…$~<sealed>$<hash>`. All that decides about the kind and its cost stays as it was.
 */
const parts = /^(\$.*\$)([^$]*)(\$[^$]*)$/
const mark = '~'
const context = 'passwords/key'

/** Whether the part before the hash holds a secret: of an HMAC it is the key, in the others the secret stands behind the salt. */
function holdsKey(before: string, part: string): boolean {
  return !part.startsWith(mark) && (before.startsWith('$hmac-') || part.includes(':'))
}

/** The hash as it is stored: without a secret in it, it stays as it is. */
export async function sealKey(cipher: Cipher, hash: string): Promise<string> {
  const [, before = '', part = '', after = ''] = parts.exec(hash) ?? []
  return holdsKey(before, part) ? `${before}${mark}${await cipher.seal(context, part)}${after}` : hash
}

/** Throws `request.sealedElsewhere` for a hash that was sealed under another master key. */
async function openKey(cipher: Cipher, hash: string): Promise<string> {
  const [, before = '', part = '', after = ''] = parts.exec(hash) ?? []
  return part.startsWith(mark) ? `${before}${await openSealed(cipher, context, part.slice(mark.length))}${after}` : hash
}

/** A hasher that compares sealed hashes as well: it opens them, which takes microseconds, in memory alone. */
export function openingHasher(hasher: Hasher, cipher: Cipher): Hasher {
  return {
    hash: (password) => hasher.hash(password),
    verify: async (hash, password) => hasher.verify(hash.includes(`$${mark}`) ? await openKey(cipher, hash) : hash, password),
    isOutdated: (hash) => hasher.isOutdated(hash),
  }
}

/** SQL: whether a stored hash has a secret in clear. Each table has an index of exactly these rows: there are none after one start. */
export const isUnsealed = `(hash like '$hmac-%' and hash not like '%$${mark}%' or hash like '$bcrypt$%:%' or hash like '$scrypt-firebase$%:%')`

/** Rows in one statement. */
const atOnce = 500
const firstId = '00000000-0000-0000-0000-000000000000'

interface Stored {
  readonly id: string
  readonly hash: string
}

/**
 * Seals what was stored before keys were sealed: a migration has no master key. Several processes may do so at once, and what somebody changes
 * meanwhile stays changed.
 */
export async function sealStoredKeys(em: SqlEntityManager, cipher: Cipher): Promise<void> {
  await sealIn(em, cipher, { table: 'passwords', id: 'user_id' })
  await sealIn(em, cipher, { table: 'former_passwords', id: 'id' })
}

async function sealIn(em: SqlEntityManager, cipher: Cipher, { table, id }: { readonly table: string; readonly id: string }): Promise<void> {
  for (let after = firstId; ;) {
    const rows = await em.execute<Stored[]>(
      `select ${id}::text as id, hash from ${table} where ${id} > ?::uuid and ${isUnsealed}
        order by ${id} limit ${atOnce}`,
      [after],
    )
    if (rows.length === 0) return
    const sealed = await Promise.all(rows.map(async (row) => ({ ...row, sealed: await sealKey(cipher, row.hash) })))
    await em.execute(
      `update ${table} t set hash = n.sealed from json_to_recordset(?::json) as n(id uuid, hash text, sealed text)
        where t.${id} = n.id and t.hash = n.hash`,
      [JSON.stringify(sealed)],
      'run',
    )
    after = rows.at(-1)?.id ?? firstId
  }
}
