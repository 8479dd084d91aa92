import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { pinoLogger } from './logger.ts'
import { loadMasterKey } from './master-key.ts'
import { clusterDirectory, openPglite } from './pglite.ts'
import { unpackCluster } from './testing/cluster.ts'

const silent = pinoLogger('silent')
let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'denizen-pglite-'))
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

test('keeps rows in its directory, which nobody else may open meanwhile', async () => {
  const first = await openPglite({ directory, url: 'http://127.0.0.1:4000' }, silent)
  await first.pglite.exec('create table kept (value text); insert into kept values ($$yes$$)')
  await expect(openPglite({ directory }, silent)).rejects.toMatchObject({
    code: 'database.locked',
    details: { pid: process.pid, url: 'http://127.0.0.1:4000', directory },
  })
  await first.close()
  const second = await openPglite({ directory }, silent)
  expect(await second.orm.em.getConnection().execute('select value from kept')).toEqual([{ value: 'yes' }])
  await second.close()
})

test('once closed, is not opened again by whoever comes late: somebody else may have the directory by then', async () => {
  unpackCluster(directory)
  const { orm, close } = await openPglite({ directory }, silent)
  const late = orm.em.fork()
  await close()
  await expect(late.execute('select 1')).rejects.toThrow(/closed/i)
  const next = await openPglite({ directory }, silent)
  await expect(late.execute('select 1')).rejects.toThrow(/closed/i)
  expect(await next.orm.em.fork().execute('select 1 as one')).toEqual([{ one: 1 }])
  await next.close()
})

test('searches by trigram, also in memory, where there is nothing to lock', async () => {
  const { orm, lock, close } = await openPglite('memory', silent)
  expect(lock).toBeNull()
  await orm.em.getConnection().execute('create extension pg_trgm')
  const [row]: { similar: number }[] = await orm.em.getConnection().execute(`select similarity('denizen', 'denizens') as similar`)
  expect(row?.similar).toBeGreaterThan(0.5)
  await close()
})

test('frees the directory when it cannot be opened', async () => {
  rmSync(clusterDirectory(directory), { recursive: true, force: true })
  writeFileSync(clusterDirectory(directory), 'not a directory')
  await expect(openPglite({ directory }, silent)).rejects.toMatchObject({ code: 'database.unreadable', details: { directory } })
  rmSync(clusterDirectory(directory))
  unpackCluster(directory)
  await (await openPglite({ directory }, silent)).close()
})

test('makes the master key once, readable by nobody else', async () => {
  const place = { masterKey: null, database: { kind: 'embedded', directory: join(directory, 'new') } } as const
  const keys = await Promise.all([loadMasterKey(place), loadMasterKey(place), loadMasterKey(place)])
  expect(keys[0]).toHaveLength(32)
  expect(keys[1]).toEqual(keys[0])
  expect(keys[2]).toEqual(keys[0])
  expect(await loadMasterKey(place)).toEqual(keys[0])
  expect(statSync(join(directory, 'new', 'master.key')).mode & 0o777).toBe(0o600)
})

test('makes no new master key for a database that has lost its own', async () => {
  const place = { masterKey: null, database: { kind: 'embedded', directory } } as const
  mkdirSync(clusterDirectory(directory))
  await expect(loadMasterKey(place)).rejects.toMatchObject({ code: 'config.masterKeyMissing' })
  expect(existsSync(join(directory, 'master.key'))).toBe(false)
  writeFileSync(join(directory, 'master.key'), 'short')
  await expect(loadMasterKey(place)).rejects.toMatchObject({ code: 'config.masterKeyInvalid' })
})
