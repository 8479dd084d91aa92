import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createTemplate, dropTemplate, embeddedSnapshot, variables } from './databases.ts'
import { startServer, type TestServer } from './server.ts'

/**
 * What every run of the tests stands on, made once: a PostgreSQL server (the one
 * that DENIZEN_TEST_DATABASE_URL names, else one from npm), a migrated database
 * to copy, and a migrated PGlite cluster to load.
 */
export default async function setUp(): Promise<() => Promise<void>> {
  const given = process.env[variables.server] ?? ''
  const server = given === '' ? await startServer() : null
  try {
    const url = server?.url ?? given
    const [template, snapshot] = await Promise.all([createTemplate(url), writeSnapshot()])
    process.env[variables.server] = url
    process.env[variables.template] = template
    process.env[variables.snapshot] = snapshot.file
    return () => tearDown(url, template, snapshot.directory, server)
  } catch (error) {
    await server?.stop({ keepFiles: false })
    throw error
  }
}

async function writeSnapshot(): Promise<{ directory: string; file: string }> {
  const directory = await mkdtemp(join(tmpdir(), 'denizen-snapshot-'))
  const file = join(directory, 'cluster.tar')
  await writeFile(file, await embeddedSnapshot())
  return { directory, file }
}

async function tearDown(url: string, template: string, snapshotDirectory: string, server: TestServer | null): Promise<void> {
  try {
    const kept = await dropTemplate(url, template)
    const keepFiles = kept.length > 0
    if (keepFiles && server !== null) console.error(`PostgreSQL is stopped; its files are kept in ${server.directory}: ${kept.join(', ')}`)
    await server?.stop({ keepFiles })
  } finally {
    await rm(snapshotDirectory, { recursive: true, force: true })
  }
}
