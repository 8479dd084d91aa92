import { readFile } from 'node:fs/promises'
import { Pool } from 'pg'
import { send } from '../servers/harness.ts'
import { createWithOrganizations } from './better-auth.ts'
import { sizesAt } from './layout.ts'
import { ratePerSecond } from './rate.ts'

/** better-auth's check in its own process: 16 under way at a time. */
const { users, organizations } = sizesAt(Number(process.env['BENCH_SCALE']))
const { tokens } = JSON.parse(await readFile(process.env['BENCH_TOKENS'] ?? '', 'utf8')) as { tokens: readonly string[] }
const pool = new Pool({ connectionString: process.env['DATABASE_URL'] })
const { api } = createWithOrganizations(pool)
const rate = await ratePerSecond(16, async (turn) => {
  const session = turn % tokens.length
  const number = session % users
  const { success } = await api.hasPermission({
    headers: new Headers({ authorization: `Bearer ${tokens[session]}` }),
    body: { organizationId: `org${number % organizations}`, permissions: { member: ['create'] } },
  })
  // Owners and admins may add members, members may not.
  if (success !== number < organizations) throw new Error(`better-auth says ${success} of user ${number}`)
})
await pool.end()
send({ rate })
process.disconnect()
