import type { Cipher } from './cipher.ts'
import type { Clock } from './clock.ts'
import type { Digest } from './digest.ts'
import type { Hasher } from './hasher.ts'
import type { InvalidationFeed } from './invalidation.ts'
import type { JobQueue } from './jobs.ts'
import type { Logger } from './logger.ts'
import type { Mailer } from './mailer.ts'
import type { Random } from './random.ts'
import type { Resolver } from './resolver.ts'
import type { Web } from './web.ts'

export type { Cipher, Clock, Digest, Hasher, InvalidationFeed, JobQueue, Logger, Mailer, Random, Resolver, Web }
export type { FeedSink } from './invalidation.ts'
export type { Mail } from './mailer.ts'
export type { WebAnswer, WebRequest } from './web.ts'

/**
 * Everything that core needs from its environment. `defaults/` has portable implementations; `@denizen/runtime` has those for production.
 */
export interface Ports {
  readonly clock: Clock
  readonly random: Random
  readonly digest: Digest
  readonly hasher: Hasher
  readonly cipher: Cipher
  readonly jobs: JobQueue
  readonly invalidation: InvalidationFeed
  readonly logger: Logger
  readonly mailer: Mailer
  readonly resolver: Resolver
  readonly web: Web
}
