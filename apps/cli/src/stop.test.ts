import { createPostgres, type TestDatabase } from '@denizen/core/testing'
import { Client } from 'pg'
import { afterEach, expect, it } from 'vitest'
import { eventually } from '../../../tests/deadlines.ts'
import { Terminal } from './testing/terminal.ts'

const terminal = new Terminal()
const passwordShape = /\b[2-9a-z]{6}(-[2-9a-z]{6}){3}\b/
let database: TestDatabase
/** One that holds locks, and one that looks: inside a transaction, pg_stat_activity stands still. */
let [operator, watcher] = [new Client(), new Client()]

const env = () => ({ DATABASE_URL: database.url ?? '', DENIZEN_MASTER_KEY: 'A'.repeat(43), DENIZEN_HASH_WORKERS: '1' })
const serve = () => terminal.start(['serve', '--port', '0'], { env: env() })

async function use(empty: boolean): Promise<void> {
  database = await createPostgres({ connections: 1, empty })
  ;[operator, watcher] = [new Client({ connectionString: database.url ?? '' }), new Client({ connectionString: database.url ?? '' })]
  await Promise.all([operator.connect(), watcher.connect()])
}

/** Until somebody else's connection does what is asked for. */
async function until(what: string, condition: string): Promise<void> {
  await eventually(60_000, what, async () => {
    const { rowCount } = await watcher.query(
      `select from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() and ${condition}`,
    )
    return (rowCount ?? 0) > 0
  })
}

afterEach(async () => {
  await Promise.all([operator.end(), watcher.end()])
  await database.close({ keep: false })
})

it('R14: a first password is printed before it is the only way in: a server that is killed in between loses none', async () => {
  await use(false)
  await operator.query('begin; lock table role_assignments in exclusive mode')
  const killed = serve()
  await until('the superadmin being created', `wait_event_type = 'Lock'`)
  const [lost = ''] = passwordShape.exec((await killed.stop('SIGKILL')).stdout) ?? []
  expect(lost).toMatch(passwordShape)
  await operator.query('rollback')
  const again = serve()
  const said = await again.says('Ctrl+C')
  // Nothing was committed, so there is another one; had it been, the first would have been shown all the same.
  expect(said).toMatch(passwordShape)
  expect(said).not.toContain(lost)
  expect((await again.stop()).code).toBe(0)
})

it.each(['SIGTERM', 'SIGHUP'] as const)(
  'R14: %s ends a start that waits for another process to migrate, and that is said at once',
  async (signal) => {
    await use(true)
    await operator.query('select pg_advisory_lock(4915210817246208)')
    const waiting = serve()
    await until('the wait for the lock', `query like '%pg_try_advisory_xact_lock%'`)
    const since = performance.now()
    const { code, stderr } = await waiting.stop(signal)
    expect([code, stderr]).toEqual([0, expect.stringContaining('Stopping')])
    expect(performance.now() - since).toBeLessThan(25_000)
  },
)
