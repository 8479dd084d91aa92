import { compare } from './compare.ts'
import { prepare } from './contenders.ts'
import { createDatabases, type Databases } from './database.ts'
import { readOptions, usage, type Options } from './options.ts'
import { canPin, endPrograms, pinSelf } from './processes.ts'
import { readable, reportOf, save, type Report } from './report.ts'
import { runRounds } from './rounds.ts'

/** The whole bench; gives the exit code. */
export async function bench(given: readonly string[]): Promise<number> {
  const options = readOptions(given)
  if (options === 'help') {
    console.log(usage)
    return 0
  }
  const startedAt = performance.now()
  if (options.compareWith !== null) return compare(options.compareWith, options)
  await pinSelf()
  const databases = await createDatabases()
  const interrupt = async (): Promise<void> => {
    await endPrograms()
    await databases.drop()
    process.exit(130)
  }
  process.once('SIGINT', () => void interrupt()).once('SIGTERM', () => void interrupt())
  try {
    const report = await contest(databases, options)
    const file = await save(report)
    console.log(`\n${readable(report)}\n\n${((performance.now() - startedAt) / 1000).toFixed(0)} s; every run is in ${file}`)
    return options.check && report.goals.some(({ met }) => !met) ? 1 : 0
  } finally {
    await endPrograms()
    await databases.drop()
  }
}

async function contest(databases: Databases, options: Options): Promise<Report> {
  console.log(`Filling the databases with ${options.users} users each, on ${databases.description} …`)
  const { contenders, starts, stop } = await prepare(databases, options)
  try {
    let databasePinned = canPin
    const runs = await runRounds(contenders, options, async () => {
      databasePinned &&= await databases.pin()
    })
    const loadAndDatabase = databasePinned ? 'load and database on the other' : 'load on the other, database anywhere'
    const placement = canPin ? `servers on one core, ${loadAndDatabase}` : 'no process pinned to a core'
    return reportOf({ options, database: databases.description, placement, starts, runs })
  } finally {
    await stop()
  }
}
