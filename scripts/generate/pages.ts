/**
 * What is generated inside pages of the documentation:
 *
 * - docs/threat-model.md: the files that test each case, from the names of tests;
 * - README.md: how many actions there are;
 * - docs/operations.md: the tables of settings, from their definitions;
 * - docs/architecture.md: the picture of core's folders, from its sources; the pictures of the tables, from a database in memory
 *   that was migrated;
 * - docs/personal-data.md: where people stand in the tables, from the registry of core.
 */
import { ormOptions } from '@denizen/core'
import { signatures } from '@denizen/core/contract'
import { pg_trgm } from '@electric-sql/pglite/contrib/pg_trgm'
import { MikroORM } from '@mikro-orm/pglite'
import { numberedTests, withTests } from '../docs/cases.ts'
import { drawFolders, readFolders } from '../docs/folders.ts'
import { between } from '../docs/markers.ts'
import { clientSettings, settings } from '../../packages/runtime/src/config.ts'
import type { Setting } from '../../packages/runtime/src/setting.ts'
import type { Erasure } from '../../packages/core/src/personal-data/held.ts'
import { heldTables, queueTable } from '../../packages/core/src/personal-data/registry.ts'
import { drawTables, readSchema } from '../docs/tables.ts'

type Write = (page: string, workspace: string) => string | Promise<string>

/** How the generated parts of each page are written into it. */
export const generatedPages: Readonly<Record<string, Write>> = {
  'docs/threat-model.md': (page, workspace) => withTests(page, numberedTests(workspace)),
  'README.md': (page) => between(page, 'actions', numbers()).whole,
  'docs/operations.md': (page) =>
    between(between(page, 'settings', settingsTable(settings)).whole, 'command settings', settingsTable(clientSettings)).whole,
  'docs/architecture.md': async (page, workspace) => {
    const withFolders = between(page, 'folders', drawFolders(readFolders(workspace))).whole
    return between(withFolders, 'tables', await tables()).whole
  },
  'docs/personal-data.md': (page) => between(page, 'held', heldTable()).whole,
}

/** A default in brackets says where the value comes from, and is not one to type. */
function settingsTable(listed: readonly Setting[]): string {
  const rows = listed.map(({ name, default: fallback, meaning }) => {
    const shown = /^\(.*\)$/.test(fallback) ? fallback.slice(1, -1) : fallback.includes(' ') ? fallback : `\`${fallback}\``
    return `| \`${name}\` | ${asText(shown)} | ${asText(meaning)} |`
  })
  return ['| variable | default | meaning |', '|---|---|---|', ...rows].join('\n')
}

/** What stands in pointed brackets is a place for something, and no tag. */
const asText = (text: string): string =>
  text.startsWith('`') ? text : text.replaceAll(/\S*<[^>]+>\S*?(?=\.?(?:\s|$))/g, '`$&`').replaceAll('|', '\\|')

/** Each table that holds something about people: what for, where they stand in it, and whether it is exported. */
function heldTable(): string {
  const rows = Object.entries({ ...heldTables, 'the queue of jobs': queueTable }).map(
    ([table, { purpose, people, export: section, purge }]) => {
      const columns = Object.entries(people).map(([column, what]) => `\`${column}\`: ${what}`)
      return `| ${table} | ${purpose} | ${columns.join('; ')} | ${typeof section === 'string' ? `no: ${section}` : 'yes'} | ${purged(purge)} |`
    },
  )
  return ['| table | what it is for | who stands where | exported | at a purge |', '|---|---|---|---|---|', ...rows].join('\n')
}

/** What a purge does with a table. */
function purged({ deleted, forgotten = [], kept = {} }: Erasure): string {
  const names = (columns: readonly string[]) => [...new Set(columns)].map((column) => `\`${column}\``).join(', ')
  const reasons = [...new Set(Object.values(kept))].map(
    (why) => `${names(Object.keys(kept).filter((column) => kept[column] === why))} stays: ${why}`,
  )
  const emptied = forgotten.flatMap(({ columns }) => Object.keys(columns))
  return [
    ...(deleted === undefined ? [] : ['their rows are deleted']),
    ...(emptied.length === 0 ? [] : [`${names(emptied)} ${new Set(emptied).size === 1 ? 'is' : 'are'} emptied in rows of others`]),
    ...reasons,
  ].join('; ')
}

/** How much there is. */
function numbers(): string {
  const namespaces = Object.values(signatures).map((namespace) => Object.keys(namespace).length)
  const actions = namespaces.reduce((sum, count) => sum + count, 0)
  return `There are ${actions} actions in ${namespaces.length} namespaces; the [reference](docs/reference/README.md) has all of them.\n`
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
