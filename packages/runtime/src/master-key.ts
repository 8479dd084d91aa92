import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { link, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { defineError } from '@denizen/core'
import type { Config } from './config.ts'
import { prepareDataDirectory } from './data-directory.ts'
import { clusterDirectory } from './pglite.ts'

export const masterKeyInvalid = defineError<{ path: string }>(
  'config.masterKeyInvalid',
  'invalid',
  ({ path }) => `${path} does not hold a master key (32 bytes in base64url). Restore it from a backup, or set DENIZEN_MASTER_KEY.`,
)
export const masterKeyMissing = defineError<{ path: string }>(
  'config.masterKeyMissing',
  'invalid',
  ({ path }) =>
    `There is a database but no master key at ${path}. A new key could not decrypt the secrets in it: ` +
    'restore the file from a backup, or set DENIZEN_MASTER_KEY.',
)

/**
 * The 32 bytes that encrypt secrets at rest: from the configuration, or from
 * `<data dir>/master.key`, which the first start creates with mode 0600.
 * Throws `config.masterKeyInvalid`, `config.masterKeyMissing`.
 */
export async function loadMasterKey({ masterKey, database }: Pick<Config, 'masterKey' | 'database'>): Promise<Uint8Array> {
  if (masterKey !== null) return masterKey
  if (database.kind !== 'embedded') return new Uint8Array(randomBytes(32))
  prepareDataDirectory(database.directory)
  const path = join(database.directory, 'master.key')
  if (!existsSync(path)) {
    if (existsSync(clusterDirectory(database.directory))) throw masterKeyMissing({ path })
    await writeOnce(path, `${randomBytes(32).toString('base64url')}\n`)
  }
  const text = (await readFile(path, 'utf8')).trim()
  if (!/^[A-Za-z0-9_-]{43}$/.test(text)) throw masterKeyInvalid({ path })
  return new Uint8Array(Buffer.from(text, 'base64url'))
}

/** Writes a temporary file and links it, so that a crash leaves no half-written key and the first of two writers wins. */
async function writeOnce(path: string, text: string): Promise<void> {
  const draft = `${path}.${randomBytes(6).toString('hex')}`
  await writeFile(draft, text, { mode: 0o600, flag: 'wx', flush: true })
  try {
    await link(draft, path)
  } catch (error) {
    if (!existsSync(path)) throw error
  } finally {
    await rm(draft, { force: true })
  }
}
