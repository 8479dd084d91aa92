/**
 * Writes what is generated in the documentation, or says what is stale with `--check`:
 *
 * - docs/threat-model.md: the files that test each case, from the names of tests;
 * - docs/architecture.md: the picture of core's folders, from its sources; the pictures of the tables, from a database in memory
 *   that was migrated.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ormOptions } from '@denizen/core'
import { pg_trgm } from '@electric-sql/pglite/contrib/pg_trgm'
import { MikroORM } from '@mikro-orm/pglite'
import { numberedTests, withTests } from './docs/cases.ts'
import { drawFolders, readFolders } from './docs/folders.ts'
import { between } from './docs/markers.ts'
import { drawTables, readSchema } from './docs/tables.ts'

const workspace = join(import.meta.dirname, '..')
const check = process.argv.includes('--check')

const pages: Readonly<Record<string, (page: string) => string | Promise<string>>> = {
  'docs/threat-model.md': (page) => withTests(page, numberedTests(workspace)),
  'docs/architecture.md': async (page) =>
    between(between(page, 'folders', drawFolders(readFolders(workspace))).whole, 'tables', await tables()).whole,
}

for (const [name, make] of Object.entries(pages)) {
  const file = join(workspace, name)
  const page = await readFile(file, 'utf8')
  const wanted = await make(page)
  if (page === wanted) continue
  if (check) {
    console.error(`${name} is stale: run npm run generate:docs`)
    process.exitCode = 1
  } else {
    await writeFile(file, wanted)
    console.log(`wrote ${name}`)
  }
}

async function tables(): Promise<string> {
  const orm = await MikroORM.init({ ...ormOptions(), dbName: 'memory://', driverOptions: { extensions: { pg_trgm } } })
  try {
    await orm.migrator.up()
    return drawTables(await readSchema((statement) => orm.em.fork().execute(statement)))
  } finally {
    await orm.close()
  }
}
