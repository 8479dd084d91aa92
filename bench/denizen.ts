import { randomBytes } from 'node:crypto'
import { readConfig, type Config } from '@denizen/runtime'

/** A fresh master key, to be handed to every program that shares a database. */
export function newMasterKey(): string {
  return randomBytes(32).toString('base64url')
}

/** Denizen's own configuration, from the variables that the bench sets, with its defaults for all else. */
export function benchConfig(): Config {
  const { DATABASE_URL, DENIZEN_DATA_DIR, DENIZEN_MASTER_KEY } = process.env
  return readConfig({ DATABASE_URL, DENIZEN_DATA_DIR, DENIZEN_MASTER_KEY, DENIZEN_LOG_LEVEL: 'warn', DENIZEN_PORT: '0' })
}
