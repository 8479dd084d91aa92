/**
 * What is generated inside pages of the documentation:
 *
 * - docs/threat-model.md: the files that test each case, from the names of tests;
 * - docs/architecture.md: the picture of core's folders, from its sources; the pictures of the tables, from a database in memory
 *   that was migrated.
 */
import { ormOptions } from '@denizen/core'
import { pg_trgm } from '@electric-sql/pglite/contrib/pg_trgm'
import { MikroORM } from '@mikro-orm/pglite'
import { numberedTests, withTests } from '../docs/cases.ts'
import { drawFolders, readFolders } from '../docs/folders.ts'
import { between } from '../docs/markers.ts'
import { drawTables, readSchema } from '../docs/tables.ts'

type Write = (page: string, workspace: string) => string | Promise<string>

/** How the generated parts of each page are written into it. */
export const generatedPages: Readonly<Record<string, Write>> = {
  'docs/threat-model.md': (page, workspace) => withTests(page, numberedTests(workspace)),
  'docs/architecture.md': async (page, workspace) => {
    const withFolders = between(page, 'folders', drawFolders(readFolders(workspace))).whole
    return between(withFolders, 'tables', await tables()).whole
  },
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
