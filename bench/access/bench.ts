import { parseArgs } from 'node:util'
import type { RequestSource } from '../connection.ts'
import { createDatabases } from '../database.ts'
import { measure, type Measured } from '../load.ts'
import { endPrograms, pinSelf, runProgram, type StartedServer } from '../processes.ts'
import { prepare, type Contest } from './contest.ts'
import { report, type Found, type InProcess } from './report.ts'
import type { Work } from './work.ts'

const usage = `npm run bench:access -- [options]
  --scale <number>   1: 100 000 users, 5 000 organizations, 1 000 000 resources, 3 000 000 grants (default: 1); beside it, always, a tenth
  --rounds <number>  interleaved rounds (default: 3)
  --only <text>      only works with this in their name; may be repeated
  --check            end with 1 when a goal is missed`

/** Milliseconds of each run. */
const duration = 3000

/**
 * Decisions, lists and documents of access over a policy at scale: Denizen on it and on a tenth of it, and
 * better-auth's check of permissions in an organization, in turn, in one run. Gives the exit code.
 */
export async function benchAccess(given: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...given],
    options: {
      help: { type: 'boolean', default: false },
      check: { type: 'boolean', default: false },
      scale: { type: 'string', default: '1' },
      rounds: { type: 'string', default: '3' },
      only: { type: 'string', multiple: true, default: [] },
    },
  })
  if (values.help) {
    console.log(usage)
    return 0
  }
  const scale = Number(values.scale)
  await pinSelf()
  const [large, small] = [await createDatabases(), await createDatabases()]
  let contest: Contest | undefined
  const tidy = async (): Promise<void> => {
    await endPrograms()
    await large.drop()
    await small.drop()
    await contest?.tidy()
  }
  process.once('SIGINT', () => void tidy().finally(() => process.exit(130)))
  try {
    console.log(`Making a policy at scale ${scale}, and one of a tenth, on ${large.description} …`)
    contest = await prepare(large, small, scale)
    const found = await runRounds(contest, Number(values.rounds), values.only)
    const inProcess = await runInProcess(contest)
    const missed = await report({ found, inProcess, scale, database: large.description, seconds: contest.large.seconds })
    return values.check && missed.length > 0 ? 1 : 0
  } finally {
    await tidy()
  }
}

async function runRounds({ large, small, theirs }: Contest, rounds: number, only: readonly string[]): Promise<readonly Found[]> {
  const wanted = (name: string) => only.length === 0 || only.some((part) => name.includes(part))
  const pairs = large.works.flatMap((work, index) => {
    const tenth = small.works[index]
    return tenth !== undefined && wanted(work.name) ? [{ tenth, found: { work, large: [], small: [], theirs: [] } as Found }] : []
  })
  for (let round = 0; round < rounds; round++) {
    for (const { tenth, found } of pairs) {
      found.large.push(await run(large.server, found.work))
      found.small.push(await run(small.server, tenth))
      if (found.work.theirs !== undefined)
        found.theirs.push(await run(theirs.server, { ...found.work, warmUpAnswers: 32 }, found.work.theirs))
    }
    console.log(`round ${round + 1} of ${rounds} is done`)
  }
  return pairs.map(({ found }) => found)
}

function run({ port }: StartedServer, work: Work, requests: RequestSource = work.requests): Promise<Measured> {
  const nothing = async (): Promise<void> => {}
  const { connections, warmUpAnswers } = work
  return measure({ port, requests, connections, warmUp: 300, warmUpAnswers, duration, settled: nothing, aside: nothing })
}

/** Alone, one after the other: the servers are asked nothing meanwhile. The document changes what is there, so it comes last. */
async function runInProcess({ large, small, theirs }: Contest): Promise<InProcess> {
  const denizen = async (environment: Readonly<Record<string, string>>) =>
    (await runProgram({ file: 'access/in-process-denizen.ts', environment })) as InProcess['large']
  return {
    large: await denizen(large.environment),
    small: await denizen(small.environment),
    theirs: (await runProgram({ file: 'access/in-process-better-auth.ts', environment: theirs.environment })) as InProcess['theirs'],
  }
}
