import type { Ports } from '../ports/index.ts'
import { aesCipher } from './cipher.ts'
import { wasmDigest } from './digest.ts'
import { soleProcessFeed } from './invalidation-feed.ts'
import { argon2Hasher, type Argon2Cost } from './hasher.ts'
import { unattendedJobs } from './jobs.ts'
import { consoleLogger } from './logger.ts'
import { noMailer } from './mailer.ts'
import { noResolver } from './resolver.ts'
import { systemClock, webCryptoRandom } from './system.ts'
import { fetchingWeb } from './web.ts'

export {
  aesCipher,
  argon2Hasher,
  consoleLogger,
  fetchingWeb,
  noMailer,
  noResolver,
  soleProcessFeed,
  systemClock,
  unattendedJobs,
  wasmDigest,
  webCryptoRandom,
}
export type { Argon2Cost }

/**
 * Ports that need only Web APIs, so that core runs alone on Node, Deno and Bun. For one process on one database; `@denizen/runtime`
 * supports several processes.
 * @param masterKey 32 bytes; protects cursors and encrypted columns
 */
export async function defaultPorts(masterKey: Uint8Array<ArrayBuffer>): Promise<Ports> {
  return {
    clock: systemClock,
    random: webCryptoRandom,
    digest: await wasmDigest(),
    hasher: argon2Hasher(),
    cipher: await aesCipher(masterKey),
    jobs: unattendedJobs,
    invalidation: soleProcessFeed,
    logger: consoleLogger('warn'),
    mailer: noMailer,
    resolver: noResolver,
    web: fetchingWeb(),
  }
}
