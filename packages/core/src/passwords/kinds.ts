/**
 * The kind of an imported hash, which decides what it costs to compare a password with it: digest, iterations, and the length of the
 * hash in base64. `pbkdf2-sha512$i=210000$86`.
 */
const kindExpression = `split_part("hash", '$', 2) || '$' || split_part("hash", '$', 3) || '$' || length(split_part("hash", '$', 5))::text`
const isImported = `"hash" like '$pbkdf2-%'`
/** For `heldKinds`: there may be a million of hashes, of three kinds. */
export const kindIndex = `create index "passwords_imported_index" on "passwords" ((${kindExpression})) where ${isImported}`

const nextKind = (condition: string) =>
  `select ${kindExpression} as kind from passwords where ${isImported} ${condition} order by 1 limit 1`

/** The kinds that are held, at most sixteen; each is found by one look into the index. */
export const heldKinds = `with recursive held as (
    (${nextKind('')})
    union all
    select (${nextKind(`and (${kindExpression}) > held.kind`)}) from held where held.kind is not null)
  select kind from held where kind is not null limit 16`

/** A hash of a kind that no password makes. null: not a kind. */
export function decoyOfKind(kind: string): string | null {
  const [digest, iterations, length] = kind.split('$')
  return digest === undefined || iterations === undefined || !(Number(length) > 0)
    ? null
    : `$${digest}$${iterations}$${'A'.repeat(22)}$${'A'.repeat(Number(length))}`
}
