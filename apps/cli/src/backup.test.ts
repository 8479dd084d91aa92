import { cpSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { Terminal } from './testing/terminal.ts'

const terminal = new Terminal({})

it('a copy of the data folder is a whole installation, as the page says; without its key nothing starts', async () => {
  const [folder, copy] = [join(terminal.home, 'denizen-data'), join(terminal.home, 'denizen-data.backup')]
  const run = (data: string, ...words: string[]) => terminal.here(words, { DENIZEN_DATA_DIR: data })
  expect((await run(folder, 'migrate', 'up')).code).toBe(0)
  expect((await run(folder, 'users', 'create', '--username', 'ada', '--local')).code).toBe(0)
  cpSync(folder, copy, { recursive: true })
  expect((await run(copy, 'users', 'get', 'ada', '--local')).code).toBe(0)
  expect((await run(copy, 'doctor')).stdout).toContain('opens what is sealed in the database')
  rmSync(join(copy, 'master.key'))
  expect((await run(copy, 'users', 'get', 'ada', '--local')).stderr).toContain('config.masterKeyMissing')
})
