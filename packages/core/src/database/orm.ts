import type { Options } from '@mikro-orm/core'
import { Migrator } from '@mikro-orm/migrations'
import { UnderscoreNamingStrategy } from '@mikro-orm/core'
import { entities } from './entities.ts'
import { migrations } from './migrations/index.ts'

/**
 * Options for the ORM with any driver: tables, names, migrations, and no global context, so that handlers only have the entity manager
 * they are given.
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
