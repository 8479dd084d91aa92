export { actions } from './actions.ts'
export { assignEverywhere } from './access/index.ts'
export { builtInRoleNames, builtInRoles, findStalePermissions } from './grants/index.ts'
export { qrCode } from './authenticators/index.ts'
export { deliveryJob, readEvents, type DeliveredEvent, type FeedPosition, type RecordedEvent, type Subscriber } from './events/index.ts'
export {
  callsOver,
  completed,
  kinds,
  roleProvider,
  sessionEffects,
  userProvider,
  type ActionName,
  type Calls,
  type CommandOptions,
  type RoleProvider,
  type Transport,
  type UserProvider,
} from './calls/index.ts'
export * from './contract.ts'
export { anonymousActor, createCore, newRequestId, systemActor, userActor, type Core, type CoreOptions } from './core.ts'
export { migrations } from './database/migrations/index.ts'
export { ormOptions } from './database/orm.ts'
export { outageOf, type Outage } from './database/outage.ts'
export { applySettings, sessionSettings } from './database/session-settings.ts'
export * from './defaults/index.ts'
export { createPartitions } from './jobs/index.ts'
export { invalidationChannel } from './invalidation/index.ts'
export type { Actor, Principal } from './kernel/actor.ts'
export { BoundedCache, type Cache, type CacheState } from './kernel/caches.ts'
export { defaultSettings, type IdentityProvider, type Settings } from './kernel/settings.ts'
export type { Origin } from './kernel/origin.ts'
export { catalogueOf } from './kernel/catalogue.ts'
export type { Grants } from './kernel/grants.ts'
export { databaseUnavailable, defineError, internal, invalidInput, stopping, unknownAction, type ErrorDefinition } from './kernel/errors.ts'
export type { DomainEvent, Job } from './kernel/event.ts'
export { html, Html } from './kernel/html.ts'
export { isObject } from './kernel/json.ts'
export { idOf, isId, newId, uuidOf, type Id } from './kernel/id.ts'
export type { JobContext, JobHandler } from './kernel/job.ts'
export { jobHandlers } from './job-handlers.ts'
export { checkHeaders, mailNotConfigured, mailRefused } from './mail/index.ts'
export { signUpClosed } from './signin/sign-up/errors.ts'
export { dnsUnavailable } from './organizations/errors.ts'
export { webhookRefused } from './identities/errors.ts'
export type { SignedWebhook } from './identities/index.ts'
export type { CallReport, Monitor } from './kernel/monitor.ts'
export { checkMasterKey } from './tokens/index.ts'
export { verifyErasureReceipt, type ReceiptCheck, type VerifiedReceipt } from './personal-data/index.ts'
export { isolation } from './kernel/isolation.ts'
export { enablePreparedWrites } from './database/prepared-writes.ts'
export { preparedStatements, enablePipelineMode } from './kernel/statement.ts'
export type { Action } from './kernel/action.ts'
export { copyValue, SerializedAnswer } from './serialization/index.ts'
export { passwordsBusy } from './passwords/index.ts'
export type { Call, Orm } from './pipeline/assembly.ts'
export type { ImmediateAnswer, ImmediateQuery } from './pipeline/immediate.ts'
export type {
  Cipher,
  Clock,
  Digest,
  FeedSink,
  Hasher,
  InvalidationFeed,
  JobQueue,
  Logger,
  Mail,
  Mailer,
  Ports,
  Random,
  Resolver,
  Web,
  WebAnswer,
  WebRequest,
} from './ports/index.ts'
