import { schemeName, workOf } from './hashes/index.ts'

/**
 * The kind of a hash, which decides what it costs to compare a password with it: all that a PHC string says before the salt, and how long
 * the hash is in base64. `$pbkdf2-sha512$i=210000$86`, `$argon2id$v=19$m=7168,t=5,p=1$43`.
 */
const kindExpression = `substring("hash" from '^(.*)[$][^$]*[$][^$]*$') || '$' || length(substring("hash" from '[^$]*$'))::text`

/** For `heldKinds`: there may be a million of hashes, of a few kinds. */
export const kindIndex = `create index "passwords_kind_index" on "passwords" ((${kindExpression}))`

const nextKind = (condition: string) => `select ${kindExpression} as kind from passwords ${condition} order by 1 limit 1`

/** Some systems vary the rounds from hash to hash. */
export const mostKinds = 512

/** The kinds that are held, at most so many; each is found by one look into the index. */
export const heldKinds = `with recursive held as (
    (${nextKind('')})
    union all
    select (${nextKind(`where (${kindExpression}) > held.kind`)}) from held where held.kind is not null)
  select kind from held where kind is not null limit ${mostKinds}`

/** How many hashes of each kind are held. */
export const countedKinds = `select ${kindExpression} as kind, count(*)::int as count from passwords group by 1`

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

const cryptNames: Readonly<Record<string, string>> = { '1': 'md5-crypt', apr1: 'md5-crypt', '5': 'sha256-crypt', '6': 'sha512-crypt' }

/** What people call it: `argon2id`, `pbkdf2-sha512`, `bcrypt`, `sha512-crypt`. */
export function nameOfKind(kind: string): string {
  const name = kind.split('$')[1] ?? ''
  return name === '' ? 'unknown' : (cryptNames[name] ?? name)
}

/** Of each scheme the kind with the most work, since the others take no longer. */
export function dearest(kinds: readonly string[]): readonly string[] {
  const found = new Map<string, { readonly kind: string; readonly work: number }>()
  for (const kind of kinds) {
    const decoy = decoyOfKind(kind)
    const work = workOf(decoy) ?? argon2Work(kind)
    const scheme = schemeName(decoy) ?? nameOfKind(kind)
    if (work >= (found.get(scheme)?.work ?? 0)) found.set(scheme, { kind, work })
  }
  return [...found.values()].map(({ kind }) => kind)
}

function argon2Work(kind: string): number {
  const [, memory, passes] = /\$m=(\d+),t=(\d+),/.exec(kind) ?? []
  return Number(memory ?? 0) * Number(passes ?? 0)
}
