import type { SqlEntityManager } from '@mikro-orm/sql'
import type { CommandContext } from '../../kernel/context.ts'
import { forgetting } from '../../kernel/append-only.ts'
import { uuidOf } from '../../kernel/id.ts'
import type { Erasure, Forgotten } from '../held.ts'
import { heldTables } from '../registry.ts'
import type { Whose } from './whose.ts'

/** How many rows of a table were deleted, and in how many that stay something was emptied. */
export interface Erased {
  readonly deleted: number
  readonly forgotten: number
}

/** Rows of a long table that one statement goes through. */
const part = 20_000

const types = { person: 'uuid', id: 'text', things: 'text[]', addresses: 'text[]', mentions: 'text', names: 'text', parts: 'text' } as const
type Place = keyof typeof types

/**
 * Erases what the registry says, in the transaction of the command: first what stays in part, then, from what hangs on the account to the
 * account itself, what is deleted.
 */
export async function eraseAll(context: CommandContext, found: Whose): Promise<Readonly<Record<string, Erased>>> {
  const { em, ports } = context
  await em.execute(`select set_config('${forgetting}', 'on', true)`, [])
  const counts: Record<string, Erased> = {}
  for (const [table, { purge }] of Object.entries(heldTables).toReversed()) {
    const forgotten = purge.isLong === true ? await forgetInParts(context, table, purge, found) : await forget(em, table, purge, found)
    const deleted = purge.deleted === undefined ? 0 : await remove(em, table, purge.deleted, found)
    if (deleted + forgotten > 0) counts[table] = { deleted, forgotten }
  }
  await em.execute(`select set_config('${forgetting}', '', true)`, [])
  const person = String.raw`${found.userId}|${uuidOf(found.userId)}`
  const jobs = await ports.jobs.forget(em, [person, ...found.things, found.mentions].join('|'))
  return jobs === 0 ? counts : { ...counts, jobs: { deleted: jobs, forgotten: 0 } }
}

async function remove(em: SqlEntityManager, table: string, condition: string, found: Whose): Promise<number> {
  const { sql, parameters } = filled(`delete from ${table} t where ${condition} returning 1`, found)
  return (await em.execute<unknown[]>(sql, parameters)).length
}

/** Empties columns, and says in how many rows. */
async function forget(em: SqlEntityManager, table: string, { forgotten = [] }: Erasure, found: Whose, among = 'true'): Promise<number> {
  if (forgotten.length === 0) return 0
  const changed = forgotten.flatMap(({ where, columns }) =>
    Object.entries(columns).map(([column, empty]) => `((${where}) and t.${column} is distinct from ${empty})`),
  )
  const { sql, parameters } = filled(
    `update ${table} t set ${setting(forgotten).join(', ')} where ${among} and (${changed.join(' or ')}) returning 1`,
    found,
  )
  return (await em.execute<unknown[]>(sql, parameters)).length
}

/** Each column with its value: emptied where one of the conditions holds. */
function setting(forgotten: readonly Forgotten[]): readonly string[] {
  const columns = new Set(forgotten.flatMap((one) => Object.keys(one.columns)))
  return [...columns].map((column) => {
    const cases = forgotten.flatMap(({ where, columns: { [column]: empty } }) =>
      empty === undefined ? [] : [`when ${where} then ${empty}`],
    )
    return `${column} = case ${cases.join(' ')} else t.${column} end`
  })
}

/** As above, in parts by the id: no statement takes long, however much there is, and whoever takes power from somebody need not wait. */
async function forgetInParts(context: CommandContext, table: string, purge: Erasure, found: Whose): Promise<number> {
  const { em } = context
  let [count, after] = [0, '00000000-0000-0000-0000-000000000000']
  for (;;) {
    const [row] = await em.execute<{ last: string | null; size: number }[]>(
      `select max(id::text) as last, count(*)::int as size from (select id from ${table} where id > ?::uuid order by id limit ${part}) s`,
      [after],
    )
    if (row === undefined || row.last === null) return count
    count += await forget(em, table, purge, found, `t.id > '${after}' and t.id <= '${row.last}'`)
    if (row.size < part) return count
    after = row.last
    await context.giveWay()
  }
}

function filled(
  template: string,
  { userId, things, addresses, mentions, names, parts }: Whose,
): { readonly sql: string; readonly parameters: unknown[] } {
  const values: Readonly<Record<Place, unknown>> = {
    person: uuidOf(userId),
    id: userId,
    things: arrayOf(things),
    addresses: arrayOf(addresses),
    mentions,
    names,
    parts,
  }
  const parameters: unknown[] = []
  const sql = template.replaceAll(/\{(\w+)\}/g, (_, place: Place) => {
    parameters.push(values[place])
    return `?::${types[place]}`
  })
  return { sql, parameters }
}

/** An array as PostgreSQL writes it. */
function arrayOf(texts: readonly string[]): string {
  return `{${texts.map((text) => `"${text.replaceAll(/["\\]/g, String.raw`\$&`)}"`).join(',')}}`
}
