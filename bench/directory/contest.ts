import { randomBytes } from 'node:crypto'
import type { Databases } from '../database.ts'
import { runProgram, startServer, type StartedServer } from '../processes.ts'
import { cursorAt } from '../walk.ts'
import { worksOf, type Work } from './work.ts'

/** Servers over generated people, and what each is asked. */
export interface Contest {
  readonly servers: Readonly<Record<'large' | 'small' | 'theirs', StartedServer>>
  readonly works: readonly Work[]
  /** The same on a tenth of the users. */
  readonly smallWorks: readonly Work[]
}

/** Generates the people straight into the databases, the same for both products, and starts the servers. */
export async function prepare(large: Databases, small: Databases, users: number): Promise<Contest> {
  const now = new Date()
  const smallUsers = Math.floor(users / 10)
  const [ours, oursSmall, theirs] = [ownEnvironment(large), ownEnvironment(small), { DATABASE_URL: large.betterAuth }]
  const [seeded, seededTheirs] = await Promise.all([
    seed('directory/seed-denizen.ts', ours, users, now),
    seed('directory/seed-better-auth.ts', theirs, users, now),
  ])
  const seededSmall = await seed('directory/seed-denizen.ts', oursSmall, smallUsers, now)
  console.log(`Denizen took in ${(users / seeded.seconds).toFixed(0)} users/s, with roles, counters and every index.`)
  const servers = {
    large: await startServer({ file: 'servers/denizen.ts', environment: ours }),
    small: await startServer({ file: 'servers/denizen.ts', environment: oursSmall }),
    theirs: await startServer({ file: 'servers/better-auth.ts', environment: theirs }),
  }
  const works = async ({ port }: StartedServer, { adminToken }: Seeded, count: number) => {
    const depth = Math.floor((count * 0.9) / 100) * 100
    const cursor = await cursorAt({ port, token: adminToken, action: 'users.list', depth })
    return worksOf({ users: count, now, denizenToken: adminToken, betterAuthToken: seededTheirs.adminToken, cursor })
  }
  return {
    servers,
    works: await works(servers.large, seeded, users),
    smallWorks: await works(servers.small, seededSmall, smallUsers),
  }
}

interface Seeded {
  readonly adminToken: string
  /** How long the users themselves took. */
  readonly seconds: number
}

async function seed(file: string, own: Readonly<Record<string, string>>, users: number, now: Date): Promise<Seeded> {
  const environment = { ...own, BENCH_USERS: String(users), BENCH_NOW: String(now.getTime()) }
  return (await runProgram({ file, environment })) as Seeded
}

function ownEnvironment({ denizen }: Databases): Readonly<Record<string, string>> {
  return { DATABASE_URL: denizen, DENIZEN_MASTER_KEY: randomBytes(32).toString('base64url') }
}
