import { Spine } from './0001-spine.ts'
import { Organizations } from './0002-organizations.ts'
import { Directory } from './0003-directory.ts'
import { Counters } from './0004-counters.ts'
import { SignIn } from './0005-sign-in.ts'
import { Access } from './0006-access.ts'
import { PendingAddresses } from './0007-pending-addresses.ts'
import { Impersonation } from './0008-impersonation.ts'
import { Names } from './0009-names.ts'
import { ImpersonationLimits } from './0010-impersonation-limits.ts'
import { OperatorLocks } from './0011-operator-locks.ts'
import { Imports } from './0012-imports.ts'
import { ImportedPasswords } from './0013-imported-passwords.ts'
import { WhoLimited } from './0014-who-limited.ts'
import { RunningImpersonations } from './0015-running-impersonations.ts'
import { OperatorHolds } from './0016-operator-holds.ts'
import { EventsOfASubject } from './0017-events-of-a-subject.ts'
import { JobRuns } from './0018-job-runs.ts'
import { WhatSomebodyLeft } from './0019-what-somebody-left.ts'
import { Purging } from './0020-purging.ts'
import { UnsealedHashes } from './0021-unsealed-hashes.ts'

/** Every migration, oldest first. A static list: bundlers and Deno find it, and names never depend on files. */
export const migrations = [
  Spine,
  Organizations,
  Directory,
  Counters,
  SignIn,
  Access,
  PendingAddresses,
  Impersonation,
  Names,
  ImpersonationLimits,
  OperatorLocks,
  Imports,
  ImportedPasswords,
  WhoLimited,
  RunningImpersonations,
  OperatorHolds,
  EventsOfASubject,
  JobRuns,
  WhatSomebodyLeft,
  Purging,
  UnsealedHashes,
]
