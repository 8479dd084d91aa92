import { defineError } from '../kernel/errors.ts'

/** A table is not there (42P01): nothing, or not everything, was migrated. */
export const databaseNotMigrated = defineError(
  'request.databaseNotMigrated',
  'unavailable',
  'The database does not have the tables of this version of Denizen yet. Apply its migrations first: await orm.migrator.up() in your own process, denizen migrate up otherwise.',
)

/** PostgreSQL's disk is full (53100), or the embedded database has too little room to write without harm. */
export const databaseFull = defineError(
  'request.databaseFull',
  'unavailable',
  'The disk of the database is full, so it takes no changes; reading goes on. Nothing was changed; try again when its operator has freed some room on that disk.',
)
