import { createHash } from 'node:crypto'
import { cpSync, existsSync, globSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createTemplate, embeddedSnapshot } from './databases.ts'
import { startServer } from './server.ts'

/**
 * What every run stands on takes seconds to make and changes with migrations only: a cluster of PostgreSQL from npm with
 * the migrated template in it, and a migrated cluster of PGlite. Both are kept beside the packages, by what they are made of.
 */
export interface Prepared {
  /** The files of a stopped server; `startServer` copies them. */
  readonly cluster: string
  /** The database in it that is copied for every world. */
  readonly template: string
  /** File with the PGlite cluster. */
  readonly snapshot: string
}

const workspace = join(import.meta.dirname, '../../..')
const store = join(workspace, 'node_modules/.cache/denizen-tests')
const template = 'denizen_test_template'
/** Milliseconds. What is older belongs to migrations that were changed since. */
const aWeek = 7 * 24 * 3_600_000

/** Finds what was kept, or makes it. */
export async function prepare(): Promise<Prepared> {
  const place = join(store, keyOf())
  const prepared: Prepared = { cluster: join(place, 'cluster'), template, snapshot: join(place, 'embedded.tar') }
  if (!existsSync(place)) await make(place)
  return prepared
}

/** Throws away what could not be used, to be made anew the next time. */
export function forget(): void {
  rmSync(store, { recursive: true, force: true })
}

async function make(place: string): Promise<void> {
  const making = `${place}.${process.pid}`
  mkdirSync(making, { recursive: true })
  const server = await startServer()
  try {
    const [snapshot] = await Promise.all([embeddedSnapshot(), createTemplate(server.url, template)])
    writeFileSync(join(making, 'embedded.tar'), snapshot)
  } finally {
    await server.stop({ keepFiles: true })
  }
  cpSync(server.files, join(making, 'cluster'), { recursive: true })
  rmSync(server.directory, { recursive: true, force: true })
  for (const old of readdirSync(store).map((name) => join(store, name)))
    if (Date.now() - statSync(old).mtimeMs > aWeek) rmSync(old, { recursive: true, force: true })
  if (existsSync(place)) rmSync(making, { recursive: true, force: true }) // another run was quicker
  else renameSync(making, place)
}

/** Changes when anything does that the two are made of. */
function keyOf(): string {
  const core = join(workspace, 'packages/core')
  const files = globSync(['src/**/entity.ts', 'src/database/**/*.ts', 'testing/{databases,mail,prepared,server}.ts'], { cwd: core })
  const hash = createHash('sha256').update(process.arch)
  for (const file of files.toSorted()) hash.update(file).update(readFileSync(join(core, file)))
  return hash
    .update(readFileSync(join(workspace, 'package-lock.json')))
    .digest('hex')
    .slice(0, 24)
}
