import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServer, type Server } from '@denizen/api'
import { anonymousActor, completed, systemActor, type Logger } from '@denizen/core'
import { createRuntime, leastRoom, readConfig, type Runtime } from '@denizen/runtime'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { unpackCluster } from '../packages/runtime/src/testing/cluster.ts'

const password = 'correct horse battery staple'
const plenty = 10 * 1024 ** 3
const lines: { message: string; fields: Readonly<Record<string, unknown>> }[] = []
const write = (message: string, fields: Readonly<Record<string, unknown>> = {}): void => void lines.push({ message, fields })
const logger: Logger = { debug: () => {}, info: write, warn: write, error: write }
const told = (message: RegExp) => lines.filter((line) => message.test(line.message))

/** null: the file system does not say. */
let free: number | null = plenty
function freeSpace(): number {
  if (free === null) throw new Error('no such device')
  return free
}
let runtime: Runtime
let server: Server
let access = ''
const directory = mkdtempSync(join(tmpdir(), 'denizen-room-'))
const config = readConfig({ DENIZEN_DATA_DIR: directory, DENIZEN_MASTER_KEY: Buffer.alloc(32, 7).toString('base64url') })

beforeAll(async () => {
  unpackCluster(directory)
  runtime = await createRuntime(config, { logger, freeSpace })
  await runtime.start()
  server = createServer({ core: runtime.core, port: 0 })
  await server.listen()
  await runtime.core.as(systemActor('test')).users.create({ username: 'ada', password })
  access = completed(await runtime.core.as(anonymousActor).auth.signIn({ identifier: 'ada', password })).accessToken
})
afterAll(async () => {
  free = plenty
  await server.close()
  await runtime.stop()
  rmSync(directory, { recursive: true, force: true })
})

async function ask(path: string, input?: object) {
  const headers = { authorization: `Bearer ${access}`, 'content-type': 'application/json' }
  const body = input && JSON.stringify({ json: input })
  const answer = await fetch(server.url + path, body === undefined ? { headers } : { method: 'POST', headers, body })
  return { status: answer.status, text: await answer.text() }
}
const rename = (displayName: string) => ask('/trpc/users.updateCurrent', { displayName })
const refused = { status: 503, text: expect.stringContaining('request.databaseFull') as string }

describe('R4: case 57: the embedded database, where the disk has too little room for its log', () => {
  beforeEach(async () => {
    free = plenty
    const { status, text } = await rename('Before')
    if (status !== 200) throw new Error(`there is room, and nothing can be changed: ${text}`)
  })

  test('takes no change, of nobody, says why, goes on reading, and takes changes again by itself', async () => {
    expect(await ask('/readyz')).toMatchObject({ status: 200 })
    lines.length = 0
    free = leastRoom - 1
    expect(await rename('Ada')).toEqual(refused)
    expect((await rename('Ada')).text).toContain('freed some room on that disk')
    expect(await ask('/trpc/auth.signIn', { identifier: 'ada', password })).toEqual(refused)
    expect(await ask('/trpc/auth.signIn', { identifier: 'ada', password: 'a wrong one, but long' })).toEqual(refused)
    // Whatever writes beside calls, in a transaction or not.
    const { orm } = runtime.database
    for (const work of [
      (text: string) => orm.em.fork().execute(text),
      (text: string) => orm.em.fork().transactional((em) => em.execute(text)),
    ])
      await expect(work('update users set display_name = $$changed$$')).rejects.toMatchObject({ code: '53100' })
    expect(await ask('/readyz')).toEqual({ status: 503, text: '{"status":"databaseFull"}' })
    expect(await ask('/healthz')).toMatchObject({ status: 200 })
    const read = await ask('/users/current')
    expect(read).toMatchObject({ status: 200 })
    expect(read.text).not.toMatch(/changed|"Ada"/)
    expect(told(/nearly full/)).toMatchObject([{ fields: { directory, freeMegabytes: 63, neededMegabytes: 64 } }])

    free = leastRoom
    expect(await ask('/readyz')).toMatchObject({ status: 200 })
    expect(await rename('Ada')).toMatchObject({ status: 200 })
    expect(told(/has room again/)).toHaveLength(1)
  })

  test('finishes a transaction that was open, and refuses the next', async () => {
    const em = runtime.database.orm.em.fork()
    await em.begin()
    free = leastRoom / 2
    const next = rename('Countess')
    await em.execute(`update users set display_name = 'Finished' where username = 'ada'`)
    await em.commit()
    expect(await next).toEqual(refused)
    expect((await ask('/users/current')).text).toContain('Finished')
    free = plenty
    expect(await rename('Countess')).toMatchObject({ status: 200 })
  })

  test('breaks off a transaction that fills the disk', async () => {
    const em = runtime.database.orm.em.fork()
    await em.begin()
    await em.execute(`update users set display_name = 'Unfinished' where username = 'ada'`)
    free = leastRoom / 2 - 1
    await expect(em.execute('select 1')).rejects.toMatchObject({ code: '53100' })
    await em.rollback()
    expect((await ask('/users/current')).text).toContain('Before')
    free = plenty
  })

  test('takes changes where nobody can tell how much room there is', async () => {
    free = null
    expect(await rename('Lovelace')).toMatchObject({ status: 200 })
    free = plenty
  })

  test('is not opened at all, says what is missing, and lets go of the folder', async () => {
    const other = mkdtempSync(join(tmpdir(), 'denizen-room-'))
    unpackCluster(other)
    const otherConfig = { ...config, dataDirectory: other, database: { kind: 'embedded' as const, directory: other } }
    const little = 12 * 1024 ** 2
    await expect(createRuntime(otherConfig, { logger, freeSpace: () => little })).rejects.toMatchObject({
      code: 'database.noRoom',
      message: expect.stringMatching(/only 12 MB free in .*64 MB.*Free some room/),
    })
    await (await createRuntime(otherConfig, { logger })).stop()
    rmSync(other, { recursive: true, force: true })
  })
})
