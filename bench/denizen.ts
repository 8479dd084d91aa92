import { readConfig, type Config } from '@denizen/runtime'

/** Denizen's own configuration, from the variables that the bench sets, with its defaults for all else. */
export function benchConfig(): Config {
  const { DATABASE_URL, DENIZEN_MASTER_KEY, DENIZEN_HASH_QUEUE } = process.env
  return readConfig({ DATABASE_URL, DENIZEN_MASTER_KEY, DENIZEN_HASH_QUEUE, DENIZEN_LOG_LEVEL: 'warn', DENIZEN_PORT: '0' })
}
