import type { Pool, PoolClient } from 'pg'
import { usePipelineMode } from './pipeline-mode.ts'

/**
 * Sets up a pool: pipeline mode, and no connection is ever lost to it.
 * @param eachTransaction The statement that sets up a transaction, where connections change from one to the next; null: they do not.
 */
export function setUpPool(eachTransaction: string | null): (pool: Pool) => void {
  return (pool) => {
    reclaimDeadConnections(pool)
    pool.on('connect', (client) => usePipelineMode(client, eachTransaction))
  }
}

/**
 * Returns the slot of a connection that ended while in use to the pool.
 *
 * A transaction whose COMMIT or ROLLBACK fails because the connection is gone never releases
 * it (Kysely's controlled transactions release only after success), so each restart of the
 * database would take connections from the pool for good.
 */
function reclaimDeadConnections(pool: Pool): void {
  const inUse = new WeakSet<PoolClient>()
  pool.on('acquire', (client) => inUse.add(client))
  pool.on('release', (_error, client) => inUse.delete(client))
  pool.on('connect', (client) => {
    client.once('end', () => {
      if (!inUse.has(client)) return
      const { release } = client
      client.release = () => {} // its user may still release it, and releasing twice is an error
      release(true)
    })
  })
}
