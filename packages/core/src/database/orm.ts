import type { Options } from '@mikro-orm/core'
import { Migrator } from '@mikro-orm/migrations'
import { UnderscoreNamingStrategy } from '@mikro-orm/core'
import { entities } from './entities.ts'
import { migrations } from './migrations/index.ts'

/**
 * What every database of Denizen is opened with, whatever its driver: the
 * tables, the names, the migrations, and no ambient context: a handler has only
 * the entity manager it was handed.
 */
export function ormOptions() {
  return {
    entities: [...entities],
    namingStrategy: UnderscoreNamingStrategy,
    forceUtcTimezone: true,
    allowGlobalContext: false,
    validateRequired: true,
    extensions: [Migrator],
    migrations: {
      migrationsList: [...migrations],
      silent: true,
      snapshot: false,
      tableName: 'denizen_migrations',
      transactional: true,
      allOrNothing: true,
    },
  } satisfies Partial<Options>
}
