import { Connection, type RequestSource } from './connection.ts'
import { quantile } from './statistics.ts'
import { waitedForCore } from './waiting.ts'

export interface LoadOptions {
  readonly port: number
  readonly requests: RequestSource
  readonly connections: number
  /** Milliseconds before the clock starts. */
  readonly warmUp: number
  /** Answers before the clock starts, however long they take. */
  readonly warmUpAnswers: number
  /** Milliseconds measured. */
  readonly duration: number
  /** Called after the warm-up, with the load on. */
  readonly settled: () => Promise<void>
  /** Called when the clock is about to start and when it has stopped, with the load still on. */
  readonly aside: () => Promise<void>
}

/** What one run of load found. Every answer was checked, or there would be no result. */
export interface Measured {
  /** Answers a second. */
  readonly rate: number
  readonly answers: number
  /** Milliseconds. */
  readonly p50: number
  readonly p99: number
  /** Part of a core that the load generator itself used. */
  readonly loadBusy: number
  /** Part of the time that the load generator wanted a core which others had. */
  readonly loadWaited: number
}

/** Answers asked for, one after another on each connection. Rejects at the first wrong one. */
export async function measure(options: LoadOptions): Promise<Measured> {
  const { port, requests, connections, warmUp, warmUpAnswers, duration, settled, aside } = options
  const latencies = new Latencies()
  const open = Array.from({ length: connections }, () => new Connection(port, requests, (milliseconds) => latencies.add(milliseconds)))
  const ended = Promise.all(open.map((connection) => connection.ended))
  try {
    await Promise.race([ended, sleep(warmUp)])
    while (latencies.count < warmUpAnswers) await Promise.race([ended, sleep(20)])
    await Promise.race([ended, settled()])
    await Promise.race([ended, aside()])
    latencies.clear()
    const busyBefore = process.cpuUsage()
    const waitedBefore = waitedForCore()
    const startedAt = performance.now()
    await Promise.race([ended, sleep(duration)])
    const elapsed = performance.now() - startedAt
    const busy = process.cpuUsage(busyBefore)
    const loadWaited = (waitedForCore() - waitedBefore) / elapsed
    const sorted = latencies.sorted()
    await Promise.race([ended, aside()])
    const loadBusy = (busy.user + busy.system) / 1000 / elapsed
    return {
      rate: (sorted.length / elapsed) * 1000,
      answers: sorted.length,
      p50: quantile(sorted, 0.5),
      p99: quantile(sorted, 0.99),
      loadBusy,
      loadWaited,
    }
  } finally {
    for (const connection of open) connection.stop()
    await ended
  }
}

/** Grows by doubling, so that a run does not pause to collect what a plain array leaves behind. */
class Latencies {
  #values = new Float64Array(1 << 20)
  #count = 0

  add(milliseconds: number): void {
    if (this.#count === this.#values.length) {
      const larger = new Float64Array(this.#values.length * 2)
      larger.set(this.#values)
      this.#values = larger
    }
    this.#values[this.#count++] = milliseconds
  }

  get count(): number {
    return this.#count
  }

  clear(): void {
    this.#count = 0
  }

  sorted(): Float64Array {
    return this.#values.slice(0, this.#count).sort()
  }
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}
