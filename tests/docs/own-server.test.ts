import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openDatabase, type SystemDatabase } from '../database.ts'
import { eventually, within } from '../deadlines.ts'

const program = join(import.meta.dirname, '../../examples/own-server/main.ts')

let database: SystemDatabase
let child: ChildProcess | undefined
beforeAll(async () => void (database = await openDatabase()))
afterAll(async () => {
  child?.kill('SIGKILL')
  await database.close()
})

test('the program that the pages of api and runtime show serves, and ends at SIGTERM', async () => {
  const started = spawn(process.execPath, ['--conditions=@denizen/source', program], {
    env: { PATH: process.env['PATH'], ...database.environment, DENIZEN_PORT: '0' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  child = started
  let printed = ''
  for (const stream of [started.stdout, started.stderr]) stream.on('data', (chunk) => (printed += String(chunk)))
  const exit = once(started, 'exit')
  const url = await eventually(20_000, 'the address', async () => /^serving on (\S+)$/m.exec(printed)?.[1])
  expect((await fetch(`${url}/readyz`)).status).toBe(200)
  started.kill('SIGTERM')
  expect(await within(20_000, 'the end of the program', exit)).toEqual([0, null])
})
