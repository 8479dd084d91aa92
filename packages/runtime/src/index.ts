export { threadedHasher, type Argon2Options, type ThreadedHasher } from './argon2.ts'
export { nodeCipher } from './cipher.ts'
export { configInvalid, readConfig, settings, type Config, type ConfigIssue, type LogLevel } from './config.ts'
export type { DatabaseConfig } from './database-settings.ts'
export { parseDatabaseUrl, placeOf, type PostgresServer } from './database-url.ts'
export { hostAndPort } from './host-and-port.ts'
export { openDatabase, type Database } from './database.ts'
export { dataDirectoryUnusable } from './data-directory.ts'
export { nodeDigest } from './digest.ts'
export { databaseNoRoom, leastRoom, type EmbeddedSql, type FreeSpace } from './disk-room.ts'
export { databaseLocked, lockDirectory, readLockOwner, type DirectoryLock, type LockOwner } from './directory-lock.ts'
export { postgresFeed, type FeedState, type PostgresFeed, type PostgresFeedOptions } from './invalidation.ts'
export { bossJobs, type JobDefinition, type JobOptions, type Jobs } from './jobs.ts'
export { fewLetters, knowsLetters } from './locale.ts'
export { pinoLogger } from './logger.ts'
export { maintenanceJobs } from './maintenance.ts'
export { smtpMailer } from './smtp.ts'
export { outboxMailer } from './outbox.ts'
export type { MailConfig, Sender } from './mail-settings.ts'
export { loadMasterKey, masterKeyInvalid, masterKeyMissing } from './master-key.ts'
export { createMetrics, type Metrics, type MetricSources } from './metrics.ts'
export {
  databaseMigrating,
  databaseNewer,
  type AppliedMigration,
  type MigrationPlan,
  type Migrations,
  type MigrationStatus,
} from './migrations.ts'
export { clusterDirectory, databaseUnreadable, openPglite, type EmbeddedDatabase } from './pglite.ts'
export { databasePooled, databaseRefused, databaseTooOld } from './server-inspection.ts'
export { connectPostgres, findPostgres, timeouts, type PostgresOptions, type PostgresPlace, type Timeouts } from './postgres.ts'
export { checkRequirements, databaseDenied, databaseForeign, databaseGrantMissing, extensionMissing } from './requirements.ts'
export { dnsResolver } from './resolver.ts'
export { createRuntime, type Runtime, type RuntimeOptions } from './runtime.ts'
export type { Setting } from './setting.ts'
