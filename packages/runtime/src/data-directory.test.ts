import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { prepareDataDirectory } from './data-directory.ts'
import { loadMasterKey } from './master-key.ts'

let place: string
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'denizen-data-'))
})
afterEach(() => rmSync(place, { recursive: true, force: true }))

test('S22: a data folder that others could read is theirs no more', () => {
  const directory = join(place, 'data')
  mkdirSync(directory)
  chmodSync(directory, 0o755)
  prepareDataDirectory(directory)
  expect(statSync(directory).mode & 0o777).toBe(0o700)
})

test('O7: a data folder that cannot be is named, with the cure', async () => {
  writeFileSync(join(place, 'file'), '')
  const directory = join(place, 'file', 'data')
  await expect(loadMasterKey({ masterKey: null, database: { kind: 'embedded', directory } })).rejects.toMatchObject({
    code: 'config.dataDirectoryUnusable',
    message: expect.stringMatching(
      new RegExp(`${directory} cannot be used: something in its path is not a directory.*chown.*DENIZEN_DATA_DIR`),
    ),
  })
})
