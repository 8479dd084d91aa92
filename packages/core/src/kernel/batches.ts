import type { SqlEntityManager } from '@mikro-orm/sql'

/** Rows that one statement deletes: none holds locks or connections for long, nor reaches the limit of a statement. */
const batch = 5000

export interface DeletedRows {
  readonly table: string
  readonly condition: string
  readonly parameters: readonly unknown[]
}

/**
 * Deletes the rows of a table for which the condition holds, batch by batch. May be done twice, also at once.
 * @param deleted Called after each batch with how many rows it had; what it throws ends the work.
 */
export async function deleteInBatches(
  em: SqlEntityManager,
  { table, condition, parameters }: DeletedRows,
  deleted: (count: number) => Promise<void>,
): Promise<void> {
  let count = 0
  do {
    const [row] = await em.execute<[{ count: number }]>(
      `with old as (select ctid from ${table} where ${condition} limit ${batch} for update skip locked),
          gone as (delete from ${table} where ctid in (select ctid from old) returning 1)
        select count(*)::int as count from gone`,
      [...parameters],
    )
    count = row.count
    await deleted(count)
  } while (count === batch)
}
