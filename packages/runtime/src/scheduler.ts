import type { Core, Logger } from '@denizen/core'

/** Milliseconds between two looks for jobs that have become due. */
const interval = 30_000

/** Queues the jobs that are due, now and every now and then. */
export class Scheduler {
  readonly #core: Pick<Core, 'queueDueRuns'>
  readonly #logger: Logger
  #timer: NodeJS.Timeout | undefined
  #looking: Promise<void> = Promise.resolve()
  #isStopped = false

  constructor(core: Pick<Core, 'queueDueRuns'>, logger: Logger) {
    this.#core = core
    this.#logger = logger
  }

  async start(): Promise<void> {
    const first = this.#core.queueDueRuns()
    this.#looking = first.catch(() => {}) // told to whoever starts
    await first
    if (this.#isStopped) return
    this.#timer = setInterval(() => {
      this.#looking = this.#look()
    }, interval)
  }

  /** Waits for a look that is going on. */
  async stop(): Promise<void> {
    this.#isStopped = true
    clearInterval(this.#timer)
    await this.#looking
  }

  async #look(): Promise<void> {
    try {
      await this.#core.queueDueRuns()
    } catch (error) {
      this.#logger.warn('Jobs that are due were not queued. They will be, once that succeeds.', { error })
    }
  }
}
