import { databaseFull, databaseNotMigrated } from './database/errors.ts'
import * as request from './kernel/errors.ts'
import type { ErrorDefinition } from './kernel/errors.ts'
import { tooManyRequests } from './policies/errors.ts'
import { keyUnreadable } from './tokens/errors.ts'

/** Errors of every action, which signatures do not list. */
export const commonErrors: readonly ErrorDefinition<never>[] = [
  request.invalidInput,
  request.unauthenticated,
  request.denied,
  request.notFound,
  request.versionConflict,
  request.stepRequired,
  request.freshProofRequired,
  request.ownSessionRequired,
  request.outOfScope,
  request.outOfOrganization,
  request.addressNotAllowed,
  request.idempotencyConflict,
  request.alreadyAnswered,
  request.notPlannable,
  request.notRepeatable,
  request.onlyCommands,
  request.unknownAction,
  request.retriesExhausted,
  request.tooManyAtOnce,
  request.databaseUnavailable,
  request.databaseBusy,
  request.sealedElsewhere,
  request.databaseReadOnly,
  databaseFull,
  databaseNotMigrated,
  request.outcomeUnknown,
  request.stopping,
  request.internal,
  tooManyRequests,
  keyUnreadable,
]
