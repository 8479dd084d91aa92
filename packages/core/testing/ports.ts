import {
  argon2Hasher,
  defaultPorts,
  type Clock,
  type FeedSink,
  type Hasher,
  type InvalidationFeed,
  type Logger,
  type Ports,
} from '@denizen/core'
import type { LogFields } from '../src/ports/logger.ts'
import { TestMailer, testJobs } from './mail.ts'
import { overhear } from './overheard.ts'
import { TestResolver } from './resolver.ts'
import { TestWeb } from './web.ts'

/**
 * A clock that stands still until it is told to move. It begins with a whole second, so that what is rounded to seconds (as in
 * a JWT) is as far from the next one in every run.
 */
export class TestClock implements Clock {
  #now = Math.floor(Date.now() / 1000) * 1000
  readonly #startedAt = this.#now

  now(): Date {
    return new Date(this.#now)
  }

  monotonic(): number {
    return this.#now - this.#startedAt
  }

  /** Moves on by so many milliseconds. */
  advance(milliseconds: number): void {
    this.#now += milliseconds
  }
}

/** A feed that a test speaks through, as another process would. */
export class TestFeed implements InvalidationFeed {
  readonly soleProcess = false
  #sink: FeedSink | undefined

  async open(sink: FeedSink): Promise<void> {
    this.#sink = sink
  }

  async close(): Promise<void> {
    this.#sink = undefined
  }

  /** The cache that listens; there is one after `core.start()`. */
  get sink(): FeedSink {
    if (this.#sink === undefined) throw new Error('the feed is not open: call core.start() first')
    return this.#sink
  }
}

export interface LogLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error'
  readonly message: string
  readonly fields: LogFields
}

/** A logger that only remembers. */
export class TestLogger implements Logger {
  readonly lines: LogLine[] = []

  debug(message: string, fields: LogFields = {}): void {
    this.#note({ level: 'debug', message, fields })
  }
  info(message: string, fields: LogFields = {}): void {
    this.#note({ level: 'info', message, fields })
  }
  warn(message: string, fields: LogFields = {}): void {
    this.#note({ level: 'warn', message, fields })
  }
  error(message: string, fields: LogFields = {}): void {
    this.#note({ level: 'error', message, fields })
  }

  #note(line: LogLine): void {
    this.lines.push(line)
    overhear('log', line)
  }
}

/** argon2id at a cost that only tests can afford. Memory in KiB. */
export const cheapCost = { memory: 64, iterations: 1 }

/** No hasher at all: for tests in which more passwords are checked at once than any queue takes. */
export const plainHasher: Hasher = {
  hash: async (password) => `$plain$${password}`,
  verify: async (hash, password) => hash === `$plain$${password}`,
  isOutdated: () => false,
}

export interface TestPorts extends Ports {
  readonly clock: TestClock
  readonly logger: TestLogger
  readonly mailer: TestMailer
  readonly resolver: TestResolver
  readonly web: TestWeb
}

/** Core's own portable ports, but for the clock, the log, the cost of a hash, jobs and mail, which wait for the test, and DNS and the web, which are the test's. */
export async function testPorts(): Promise<TestPorts> {
  const portable = await defaultPorts(crypto.getRandomValues(new Uint8Array(32)))
  const own = {
    clock: new TestClock(),
    logger: new TestLogger(),
    mailer: new TestMailer(),
    resolver: new TestResolver(),
    web: new TestWeb(),
  }
  return { ...portable, ...own, hasher: argon2Hasher(cheapCost), jobs: testJobs }
}
