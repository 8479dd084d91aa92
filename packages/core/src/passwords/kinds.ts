/**
 * The kind of a hash, which decides what it costs to compare a password with it: all that a PHC string says before the salt, and how long
 * the hash is in base64. `$pbkdf2-sha512$i=210000$86`, `$argon2id$v=19$m=7168,t=5,p=1$43`.
 */
const kindExpression = `substring("hash" from '^(.*)[$][^$]*[$][^$]*$') || '$' || length(substring("hash" from '[^$]*$'))::text`

/** For `heldKinds`: there may be a million of hashes, of three kinds. */
export const kindIndex = `create index "passwords_kind_index" on "passwords" ((${kindExpression}))`

const nextKind = (condition: string) => `select ${kindExpression} as kind from passwords ${condition} order by 1 limit 1`

/** The kinds that are held, at most sixteen; each is found by one look into the index. */
export const heldKinds = `with recursive held as (
    (${nextKind('')})
    union all
    select (${nextKind(`where (${kindExpression}) > held.kind`)}) from held where held.kind is not null)
  select kind from held where kind is not null limit 16`

const afterParameters = /^(.*)\$[^$]*\$([^$]*)$/

/** As `kindExpression`. null: not a PHC string. */
export function kindOf(hash: string): string | null {
  const [, parameters, last] = afterParameters.exec(hash) ?? []
  return parameters === undefined || last === undefined ? null : `${parameters}$${last.length}`
}

/** A hash of a kind that no password makes. */
export function decoyOfKind(kind: string): string {
  const end = kind.lastIndexOf('$')
  return `${kind.slice(0, end)}$${'A'.repeat(22)}$${'A'.repeat(Number(kind.slice(end + 1)))}`
}
