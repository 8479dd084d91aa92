import { defineError } from '../kernel/errors.ts'

/** PostgreSQL's disk is full (53100), or the embedded database has too little room to write without harm. */
export const databaseFull = defineError(
  'request.databaseFull',
  'unavailable',
  'The disk of the database is full, so it takes no changes; reading goes on. Nothing was changed; try again when its operator has freed some room on that disk.',
)
