import type { SqlEntityManager } from '@mikro-orm/sql'

/** Rows that one statement deletes: none holds locks or connections for long, nor reaches the limit of a statement. */
const batch = 5000

/** Deletes the rows of a table for which the condition holds, batch by batch, and returns how many. May be done twice, also at once. */
export async function deleteInBatches(
  em: SqlEntityManager,
  table: string,
  condition: string,
  parameters: readonly unknown[],
): Promise<number> {
  let [deleted, count] = [0, 0]
  do {
    const [row] = await em.execute<[{ count: number }]>(
      `with old as (select ctid from ${table} where ${condition} limit ${batch} for update skip locked),
          gone as (delete from ${table} where ctid in (select ctid from old) returning 1)
        select count(*)::int as count from gone`,
      [...parameters],
    )
    count = row.count
    deleted += count
  } while (count === batch)
  return deleted
}
