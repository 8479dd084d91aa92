export { SoftAuthenticator, type Lapses } from './soft-authenticator.ts'
export { enrolAuthenticator, totpCode, type Authenticator } from './authenticator.ts'
export { catalogue } from './catalogue.ts'
export { cipherContract } from './contracts/cipher.ts'
export { digestContract } from './contracts/digest.ts'
export { hasherContract } from './contracts/hasher.ts'
export { mailerContract, type MailerFixture } from './contracts/mailer.ts'
export { resolverContract, type ResolverFixture } from './contracts/resolver.ts'
export { jobQueueContract, type JobQueueFixture } from './contracts/jobs.ts'
export { bothDatabases, createEmbedded, createPostgres, databases, type DatabaseKind, type TestDatabase } from './databases.ts'
export { queuedJobs, testJobs, TestMailer, type QueuedJob } from './mail.ts'
export { isOverheard, overhear } from './overheard.ts'
export { databaseColumns, type DatabaseColumn } from './personal-columns.ts'
export { bossOrigin, fullName, phone, traced, type Traced } from './traces.ts'
export { newEmail, password, People, type SignedInUser } from './people.ts'
export { cheapCost, plainHasher, TestClock, TestFeed, TestLogger, testPorts, type LogLine, type TestPorts } from './ports.ts'
export { useFreshWorlds } from './fresh-worlds.ts'
export { TestResolver } from './resolver.ts'
export { runs } from './runs.ts'
export { runnerOf, type Runner } from './runner.ts'
export { TestWeb } from './web.ts'
export { webContract, type WebFixture } from './contracts/web.ts'
export { TestProvider } from './provider.ts'
export { prepare } from './prepared.ts'
export { startServer, type TestServer } from './server.ts'
export { beginAt } from './redirect.ts'
export { asBrowser, endOfSession, newSession } from './refresh.ts'
export { lost, lostCodes, openConnections, raced, untilSeen, untilWaiting, withoutGuard, won } from './races.ts'
export { countRows } from './count-rows.ts'
export { createWorld, useWorld, type World, type WorldOptions } from './world.ts'
export { storeModel } from './access-model.ts'
export {
  isNeeded,
  may,
  modelPatterns,
  modelPermissions,
  used,
  whereIs,
  withoutRole,
  type Asking,
  type ModelScope,
  type ModelSession,
  type ModelWorld,
  type Where,
} from './access-model-reference.ts'
export { modelOf, type ModelNumbers } from './access-model-numbers.ts'
