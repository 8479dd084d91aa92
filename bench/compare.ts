import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { symlinkSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fill, isWanted, type Contender } from './contenders.ts'
import { createDatabases, type Databases } from './database.ts'
import type { Options } from './options.ts'
import { canPin, endPrograms, pinSelf, startServer, type StartedServer } from './processes.ts'
import { disturbance, table, text } from './report.ts'
import { checkOwn, createUser, firstPage, hotSessions, updateUser, whoAmI } from './requests.ts'
import { runRounds, type Run, type Runs } from './rounds.ts'
import type { Seeded } from './seed/options.ts'
import { ratioOf, type Spread } from './statistics.ts'

const works = ['whoami, cached', 'whoami, uncached', 'check', 'create', 'update', 'first page of users'] as const
type Work = (typeof works)[number]
const versions = ['now', 'then'] as const
type Version = (typeof versions)[number]
type Name = `${Work}: ${Version}`

/** Below this part of the former rate in every round, the machine is no excuse. */
const leastRatio = 0.9

/** Denizen as it is here beside what it was at a commit, each on a database of its own; gives the exit code. */
export async function compare(commit: string, options: Options): Promise<number> {
  const databases = await createDatabases()
  const former = await formerTree()
  const tidyUp = async (): Promise<void> => {
    await endPrograms()
    await databases.drop()
    await former.remove()
  }
  const interrupt = (): void => void tidyUp().finally(() => process.exit(130))
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt)
  try {
    former.checkOut(commit)
    await pinSelf()
    const runs = await contest(databases, former.bench, options)
    const found = works.filter((work) => runs.has(`${work}: now`)).map((work) => comparisonOf(work, runs))
    console.log(`\n${readable(commit, found, runs)}`)
    return options.check && found.some(({ isSlower }) => isSlower) ? 1 : 0
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt)
    await tidyUp()
  }
}

/** A folder for another working tree of this repository, with what it depends on; the bench's own packages are those from here. */
async function formerTree() {
  const around = await mkdtemp(join(tmpdir(), 'denizen-then-'))
  const folder = join(around, 'denizen')
  const bench = join(folder, 'bench')
  const git = (...parameters: string[]) => execFileSync('git', parameters, { cwd: import.meta.dirname, stdio: 'inherit' })
  return {
    bench,
    checkOut(commit: string): void {
      git('worktree', 'add', '--quiet', '--detach', folder, commit)
      console.log(`Installing ${commit} …`)
      const install = ['ci', '--no-audit', '--no-fund', '--silent']
      execFileSync('npm', install, { cwd: folder, stdio: 'inherit', shell: process.platform === 'win32' })
      symlinkSync(join(import.meta.dirname, 'node_modules'), join(bench, 'node_modules'))
    },
    async remove(): Promise<void> {
      await rm(around, { recursive: true, force: true })
      git('worktree', 'prune')
    },
  }
}

async function contest({ denizen, betterAuth, pin }: Databases, formerBench: string, options: Options): Promise<Runs<Name>> {
  const sides = [
    { version: 'now', folder: import.meta.dirname, url: denizen },
    // No better-auth runs here: its database is free.
    { version: 'then', folder: formerBench, url: betterAuth },
  ] as const
  const contenders: Contender<Name>[] = []
  for (const { version, folder, url } of sides) {
    console.log(`Filling the database of ${version} with ${options.users} users …`)
    const environment = { DATABASE_URL: url, DENIZEN_MASTER_KEY: randomBytes(32).toString('base64url') }
    const seeded = await fill({ file: 'seed/denizen.ts', folder, environment }, options)
    const server = await startServer({ file: 'servers/denizen.ts', folder, environment })
    contenders.push(...contendersOf(version, server, seeded))
  }
  const wanted = contenders.filter(({ name }) => isWanted(name, options))
  const order = works.flatMap((work) => wanted.filter(({ name }) => name.startsWith(`${work}: `)))
  let pinned = canPin
  return runRounds(order, options, async () => {
    pinned &&= await pin()
  })
}

function contendersOf(version: Version, server: StartedServer, { kept, adminToken, userIds = [] }: Seeded): Contender<Name>[] {
  const hot = kept.slice(0, hotSessions)
  const of = (work: Work, requests: Contender['requests'], warmUpAnswers = 0): Contender<Name> => {
    return { name: `${work}: ${version}`, server, requests, short: false, warmUpAnswers }
  }
  return [
    of('whoami, cached', whoAmI(hot), hot.length),
    of('whoami, uncached', whoAmI(kept.slice(hotSessions))),
    of('check', checkOwn(hot), hot.length),
    of('create', createUser(adminToken, { withPassword: false })),
    of('update', updateUser(adminToken, userIds)),
    of('first page of users', firstPage(adminToken)),
  ]
}

interface Comparison {
  readonly work: Work
  /** Answers a second, now over then, round by round. */
  readonly rate: Spread
  /** Processor time of an answer, now over then. */
  readonly cost: Spread
  readonly isSlower: boolean
}

function comparisonOf(work: Work, runs: Runs<Name>): Comparison {
  const ratio = (of: (run: Run) => number) => {
    const [now, then] = versions.map((version) => (runs.get(`${work}: ${version}`) ?? []).map(of))
    return ratioOf(now ?? [], then ?? [])
  }
  const rate = ratio((run) => run.rate)
  return { work, rate, cost: ratio(({ serverCost }) => serverCost), isSlower: rate.maximum < leastRatio }
}

function readable(commit: string, found: readonly Comparison[], runs: Runs<Name>): string {
  return [
    `Now ÷ ${commit}: median (lowest – highest) of ${[...runs.values()][0]?.length ?? 0} rounds.`,
    '',
    ...table(
      ['', 'answers/s', 'processor time', ''],
      found.map(({ work, rate, cost, isSlower }) => [work, `${text(rate, 2)} ×`, `${text(cost, 2)} ×`, isSlower ? 'SLOWER' : '']),
    ),
    ...disturbance({ runs: Object.fromEntries(runs) }),
  ].join('\n')
}
