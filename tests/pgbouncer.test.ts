import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { anonymousActor, completed, systemActor, userActor, type Core } from '@denizen/core'
import { createRuntime, readConfig, type Runtime } from '@denizen/runtime'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import { pinoLogger } from '../packages/runtime/src/logger.ts'
import { testDatabase, type TestDatabase } from '../packages/runtime/src/testing/postgres.ts'
import { eventually } from './deadlines.ts'
import { freePort } from './processes.ts'

/** The pooler itself; packages/runtime/src/pooler.test.ts has one that does what it does, and needs nothing installed. */
const isThere = ((): boolean => {
  try {
    return execFileSync('pgbouncer', ['--version']).length > 0
  } catch {
    console.warn('PgBouncer is not installed, so nothing is tried through it: apt-get install pgbouncer')
    return false
  }
})()

const password = 'correct horse battery staple'
const people = 40

describe.skipIf(!isThere)('R5: through PgBouncer', () => {
  let database: TestDatabase
  let runtime: Runtime | null = null
  let pooler: ChildProcess | null = null
  const folder = mkdtempSync(join(tmpdir(), 'denizen-pgbouncer-'))
  // PgBouncer runs as nobody then, who has to read its settings.
  if (process.getuid?.() === 0) chmodSync(folder, 0o755)
  afterAll(() => rmSync(folder, { recursive: true }))

  beforeEach(async () => {
    database = await testDatabase()
  })
  afterEach(async () => {
    await runtime?.stop()
    runtime = null
    if (pooler !== null && pooler.exitCode === null) {
      const gone = once(pooler, 'exit')
      pooler.kill('SIGTERM') // at once; SIGINT would wait for clients
      await gone
    }
    pooler = null
    await database.drop()
  })

  /** Starts PgBouncer with what Debian ships as defaults, in front of the database; gives the database's URL through it. */
  async function pool(mode: 'session' | 'transaction'): Promise<string> {
    const port = await freePort()
    const { hostname, port: server, username, password: secret } = new URL(database.url)
    const settings = `[databases]
      * = host=${hostname} port=${server} user=${decodeURIComponent(username)}${secret === '' ? '' : ` password=${decodeURIComponent(secret)}`}
      [pgbouncer]
      listen_addr = 127.0.0.1
      listen_port = ${port}
      unix_socket_dir =
      auth_type = any
      pool_mode = ${mode}`
    const file = join(folder, 'pgbouncer.ini')
    writeFileSync(file, settings.replaceAll(/^ +/gm, ''))
    // It refuses to run as root.
    const parameters = process.getuid?.() === 0 ? ['-u', 'nobody', file] : [file]
    const started = spawn('pgbouncer', parameters, { stdio: ['ignore', 'ignore', 'pipe'] })
    pooler = started
    let said = ''
    started.stderr.on('data', (data: Buffer) => (said += data.toString()))
    await eventually(30_000, 'PgBouncer listening', async () => {
      if (started.exitCode !== null) throw new Error(`PgBouncer ended:\n${said}`)
      return listens(port)
    })
    const url = new URL(database.url)
    url.host = `127.0.0.1:${port}`
    return url.href
  }

  async function start(url: string, directUrl?: string): Promise<Core> {
    const DENIZEN_MASTER_KEY = Buffer.alloc(32, 7).toString('base64url')
    const settings = { DATABASE_URL: url, DENIZEN_MASTER_KEY, ...(directUrl !== undefined && { DENIZEN_DATABASE_DIRECT_URL: directUrl }) }
    runtime = await createRuntime(readConfig(settings), { logger: pinoLogger('silent') })
    await runtime.start()
    return runtime.core
  }

  /** Everybody signs in at once and changes something; gives how many could. */
  async function signIns(core: Core): Promise<number> {
    await core.as(systemActor('test')).users.create({ username: 'ada', password })
    const each = Array.from({ length: people }, async (_, index) => {
      const { accessToken } = completed(await core.as(anonymousActor).auth.signIn({ identifier: 'ada', password }))
      const principal = await core.authenticate(accessToken)
      if (principal === null) throw new Error('a new token opens nothing')
      await core.as(userActor(principal)).users.updateCurrent({ displayName: `Ada ${index}` })
    })
    const outcomes = await Promise.allSettled(each)
    expect(outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as unknown] : []))).toEqual([])
    return outcomes.length
  }

  it(`in session mode ${people} of ${people} sign in, on a database that was migrated through it`, async () => {
    expect(await signIns(await start(await pool('session')))).toBe(people)
  })

  it(`in transaction mode the start is refused and says why; with a direct URL, ${people} of ${people} sign in`, async () => {
    const url = await pool('transaction')
    await expect(start(url)).rejects.toMatchObject({
      code: 'database.pooled',
      message: expect.stringContaining('DENIZEN_DATABASE_DIRECT_URL') as string,
    })
    expect(await signIns(await start(url, database.url))).toBe(people)
  })
})

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => resolve(socket.destroy() !== undefined))
    socket.on('error', () => resolve(false))
  })
}
