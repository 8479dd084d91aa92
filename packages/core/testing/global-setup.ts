import { makeCopies, type Copies } from './copies.ts'
import { createTemplate, dropTemplate, variables } from './databases.ts'
import { forget, prepare } from './prepared.ts'
import { startServer, type TestServer } from './server.ts'

/** What every run of the tests stands on. */
interface Ground {
  readonly url: string
  /** null: it is somebody else's, who named it by DENIZEN_TEST_DATABASE_URL. */
  readonly server: TestServer | null
  readonly template: string
  readonly snapshot: string
}

/** Gives the run a PostgreSQL server, a migrated database to copy with some copies made ahead, and a migrated PGlite cluster to load. */
export default async function setUp(): Promise<() => Promise<void>> {
  const ground = await layGround(process.env[variables.server] ?? '')
  try {
    const copies = await makeCopies(ground.url, ground.template)
    process.env[variables.server] = ground.url
    process.env[variables.template] = ground.template
    process.env[variables.snapshot] = ground.snapshot
    process.env[variables.copies] = copies.folder
    return () => tearDown(ground, copies)
  } catch (error) {
    await ground.server?.stop({ keepFiles: false })
    throw error
  }
}

async function layGround(given: string): Promise<Ground> {
  const { cluster, template, snapshot } = await prepare()
  if (given !== '') return { url: given, server: null, template: await createTemplate(given), snapshot }
  try {
    const server = await startServer(cluster)
    return { url: server.url, server, template, snapshot }
  } catch (error) {
    forget()
    throw new Error('The cluster that was kept does not start. It is thrown away, and made anew by the next run.', { cause: error })
  }
}

async function tearDown({ url, server, template }: Ground, copies: Copies): Promise<void> {
  const kept = await copies.stop()
  if (server === null) await dropTemplate(url, template)
  const keepFiles = kept.length > 0
  if (keepFiles && server !== null) console.error(`PostgreSQL is stopped; its files are kept in ${server.directory}: ${kept.join(', ')}`)
  await server?.stop({ keepFiles })
}
