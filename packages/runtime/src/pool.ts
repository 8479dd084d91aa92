import type { Pool, PoolClient } from 'pg'
import { sendTogether } from './together.ts'

/** What every pool of ours does beyond pg's own. */
export function setUpPool(pool: Pool): void {
  reclaimDeadConnections(pool)
  pool.on('connect', sendTogether)
}

/**
 * Gives the slot of a connection that ended while in use back to the pool.
 *
 * A transaction whose COMMIT or ROLLBACK fails because the connection is gone never
 * releases it (Kysely's controlled transactions release only after success), so each
 * restart of the database would take that many connections from the pool for good.
 */
function reclaimDeadConnections(pool: Pool): void {
  const inUse = new WeakSet<PoolClient>()
  pool.on('acquire', (client) => inUse.add(client))
  pool.on('release', (_error, client) => inUse.delete(client))
  pool.on('connect', (client) => {
    client.once('end', () => {
      if (!inUse.has(client)) return
      const { release } = client
      client.release = () => {} // whoever held it may yet release it, and twice is an error
      release(true)
    })
  })
}
