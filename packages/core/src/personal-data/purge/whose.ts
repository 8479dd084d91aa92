import type { SqlEntityManager } from '@mikro-orm/sql'
import { idOf, uuidOf, type Id, type IdPrefix } from '../../kernel/id.ts'
import type { JsonObject } from '../../kernel/json.ts'

/** What stands in the tables of somebody who is purged, and finds the rest. */
export interface Whose {
  readonly userId: Id<'usr'>
  /** Ids of what belongs to them: sessions, tokens, and so on. */
  readonly things: readonly string[]
  /** Their proved addresses. One that is not proved may be somebody else's. */
  readonly addresses: readonly string[]
  /** A regular expression of PostgreSQL for what names them and nobody else. */
  readonly mentions: string
  /** As above, and for words that others use too. */
  readonly names: string
  /** As `mentions`, also inside longer words. */
  readonly parts: string
}

/** Their things, by the prefix of the ids. */
const things: readonly (readonly [prefix: IdPrefix, table: string, condition: string])[] = [
  ['ses', 'sessions', 'user_id = p.id'],
  ['tok', 'tokens', 'user_id = p.id'],
  ['idn', 'identities', 'user_id = p.id'],
  ['psk', 'passkeys', 'user_id = p.id'],
  ['dev', 'device_logins', 'user_id = p.id'],
  ['ver', 'verifications', 'user_id = p.id'],
  ['chl', 'challenges', 'user_id = p.id'],
  ['fac', 'totp_factors', 'user_id = p.id'],
  ['inv', 'invitations', 'accepted_by = p.id'],
  ['res', 'resources', 'owner_user_id = p.id and organization_id is null'],
]

const thingsOf = `select t.prefix, t.id::text as id from (select ?::uuid as id) p, lateral (${things
  .map(([prefix, table, condition]) => `select '${prefix}' as prefix, id from ${table} where ${condition}`)
  .join(' union all ')}) t`

const namesOf = `select json_build_object(
    'proved', array(select email from users where id = p.id and email_verified and email is not null
      union select email from identities where user_id = p.id and email_verified and email is not null
      union select email from invitations where accepted_by = p.id),
    'texts', array(select t from users u, unnest(array[u.email, u.phone, u.username, u.full_name, u.display_name]) t where u.id = p.id and t is not null),
    'shared', array(select distinct t.text from users u, users o,
        lateral (values (u.full_name, u.folded_full_name in (o.folded_full_name, o.folded_display_name)),
          (u.display_name, u.folded_display_name in (o.folded_full_name, o.folded_display_name)), (u.phone, u.phone = o.phone)) t (text, is_theirs)
      where u.id = p.id and o.id <> p.id and t.is_theirs),
    'words', array(select t from users u, unnest(array[u.pending_email, u.avatar_url, u.description, u.imported_from]) t
        where u.id = p.id and t is not null
      union select t from identities i, unnest(array[i.email, i.subject]) t where i.user_id = p.id and t is not null
      union select email from verifications where user_id = p.id and email is not null))::text as found from (select ?::uuid as id) p`

interface Found extends JsonObject {
  readonly proved: string[]
  /** What names them, or may. */
  readonly texts: string[]
  /** Names and numbers that somebody else has, too. */
  readonly shared: string[]
  /** What they said of themselves, or was said: it can be about others too. */
  readonly words: string[]
}

/** Looks for what finds the rest. To be called before anything is deleted. */
export async function whose(em: SqlEntityManager, userId: Id<'usr'>): Promise<Whose> {
  const person = uuidOf(userId)
  const owned = await em.execute<{ prefix: IdPrefix; id: string }[]>(thingsOf, [person])
  const [row] = await em.execute<{ found: string }[]>(namesOf, [person])
  const { proved, texts, shared, words } = JSON.parse(row?.found ?? '{}') as Found
  const all = [...new Set([...proved, ...texts, ...words])].filter((text) => text.trim().length > 1)
  const telling = all.filter((text) => proved.includes(text) || (texts.includes(text) && !shared.includes(text) && isTelling(text)))
  return {
    userId,
    things: owned.map(({ prefix, id }) => idOf(prefix, id)),
    addresses: proved,
    mentions: patternOf(telling, wholly),
    names: patternOf(all, wholly),
    parts: patternOf(telling, (any) => any),
  }
}

/**
 * Whether a text names one person and is no word of the language: an address, a number, a name of several words, a username with a digit.
 * By other words nothing is looked for in the entries of others: somebody who is called `admin` would have them all emptied.
 */
function isTelling(text: string): boolean {
  return /@|\d/.test(text) || /\S\s+\S/.test(text)
}

/** Matches nothing. */
const never = '$.^'

/** Not as a part of a longer word or address. */
const wholly = (any: string): string => String.raw`(?<![[:alnum:]._%+-])${any}(?![[:alnum:]_-]|\.[[:alnum:]])`

/** A regular expression that finds any of the texts, as they are and as they stand in JSON. */
function patternOf(texts: readonly string[], where: (any: string) => string): string {
  const forms = new Set(texts.flatMap((text) => [text, JSON.stringify(text).slice(1, -1)]))
  if (forms.size === 0) return never
  const escaped = [...forms].map((text) => text.replaceAll(/[^\p{L}\p{N}\s]/gu, String.raw`\$&`))
  return where(`(?:${escaped.join('|')})`)
}
