import { parseArgs } from 'node:util'
import { createDatabases } from '../database.ts'
import { measure } from '../load.ts'
import { endPrograms, pinSelf, type StartedServer } from '../processes.ts'
import { prepare, type Contest } from './contest.ts'
import { report, type Found, type Run } from './report.ts'
import type { Work } from './work.ts'

const usage = `npm run bench:directory -- [options]
  --users <number>   users in the large databases (default: 1000000); the small one has a tenth
  --rounds <number>  interleaved rounds (default: 3)
  --only <text>      only works with this in their name; may be repeated
  --check            end with 1 when a goal is missed`

/** Milliseconds of each run; better-auth is so slow that a longer one tells no more. */
const duration = 3000
const connections = 4

/**
 * Lists, searches, counts and statistics of 1 000 000 users: Denizen and
 * better-auth with the same people on the same PostgreSQL, and Denizen with
 * a tenth of them, in turn, in one run. Gives the exit code.
 */
export async function benchDirectory(given: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...given],
    options: {
      help: { type: 'boolean', default: false },
      check: { type: 'boolean', default: false },
      users: { type: 'string', default: '1000000' },
      rounds: { type: 'string', default: '3' },
      only: { type: 'string', multiple: true, default: [] },
    },
  })
  if (values.help) {
    console.log(usage)
    return 0
  }
  const users = Number(values.users)
  await pinSelf()
  const [large, small] = [await createDatabases(), await createDatabases()]
  const tidy = async (): Promise<void> => {
    await endPrograms()
    await large.drop()
    await small.drop()
  }
  process.once('SIGINT', () => void tidy().finally(() => process.exit(130)))
  try {
    console.log(`Generating ${users} users for each product, on ${large.description} …`)
    const contest = await prepare(large, small, users)
    const found = await runRounds(contest, Number(values.rounds), values.only)
    const missed = await report(found, users, large.description)
    return values.check && missed.length > 0 ? 1 : 0
  } finally {
    await tidy()
  }
}

async function runRounds({ servers, works, smallWorks }: Contest, rounds: number, only: readonly string[]): Promise<readonly Found[]> {
  const wanted = (name: string) => only.length === 0 || only.some((part) => name.includes(part))
  const pairs = works.flatMap((work, index) => {
    const small = smallWorks[index]
    return small !== undefined && wanted(work.name) ? [{ small, found: { work, large: [], small: [], theirs: [] } as Found }] : []
  })
  for (let round = 0; round < rounds; round++) {
    for (const { small, found } of pairs) {
      found.large.push(await run(servers.large, found.work.denizen))
      found.small.push(await run(servers.small, small.denizen))
      if (found.work.betterAuth !== null) found.theirs.push(await run(servers.theirs, found.work.betterAuth))
    }
    console.log(`round ${round + 1} of ${rounds} is done`)
  }
  return pairs.map(({ found }) => found)
}

async function run(server: StartedServer, requests: Work['denizen']): Promise<Run> {
  const used: number[] = []
  const measured = await measure({
    port: server.port,
    requests,
    connections,
    warmUp: 300,
    warmUpAnswers: connections,
    duration,
    settled: async () => {},
    aside: async () => void used.push((await server.usage()).cpu),
  })
  const [before = 0, after = 0] = used
  return { ...measured, cpu: (after - before) / measured.answers }
}
