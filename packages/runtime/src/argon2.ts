import { Worker } from 'node:worker_threads'
import { passwordsBusy, stopping, type Hasher } from '@denizen/core'
import { isEncoded, workOf } from '@denizen/core/hashes'
import { isWeak, parseArgon2, type HashAnswer, type HashRequest } from './argon2-cost.ts'

export interface Argon2Options {
  /** Threads; fewer than there are cores. */
  readonly workers: number
  /** How many may wait for a thread. */
  readonly queueLimit: number
}

export interface ThreadedHasher extends Hasher {
  /** For metrics: how many passwords are being hashed, and how many wait. */
  load(): { readonly running: number; readonly waiting: number }
  /** Refuses new work, finishes running work and ends the threads. */
  close(): Promise<void>
}

interface Task {
  readonly request: HashRequest
  readonly resolve: (value: string | boolean) => void
  readonly reject: (error: unknown) => void
}

/** A thread and its task. */
interface Slot {
  readonly worker: Worker
  task: Task | null
  startedAt: number
}

/**
 * argon2id on threads of its own. In Node's shared thread pool, hashing would hold up DNS,
 * files and compression, and its threads cannot get a lower priority; these do, and hash
 * one password at a time. When `queueLimit` wait, the next is refused with `passwords.busy`
 * and an estimate of when to try again.
 */
export function threadedHasher(options: Argon2Options): ThreadedHasher {
  const threads = new HashingThreads(options)
  return {
    hash: async (password) => String(await threads.submit({ kind: 'hash', password })),
    async verify(hash, password) {
      const kind = parseArgon2(hash) !== null && isEncoded(hash) ? 'verify' : workOf(hash) !== null ? 'verifyImported' : null
      return kind !== null && (await threads.submit({ kind, hash, password })) === true
    },
    isOutdated: isWeak,
    load: () => threads.load(),
    close: () => threads.close(),
  }
}

class HashingThreads {
  readonly #workers: number
  readonly #queueLimit: number
  readonly #slots = new Set<Slot>()
  readonly #waiting: Task[] = []
  #closed = false
  /** Moving average of recent hashes; a guess until the first is done. */
  #averageMs = 25

  constructor({ workers, queueLimit }: Argon2Options) {
    this.#workers = workers
    this.#queueLimit = queueLimit
  }

  submit(request: HashRequest): Promise<string | boolean> {
    return new Promise((resolve, reject) => {
      if (this.#closed) return reject(stopping({}))
      if (this.#waiting.length >= this.#queueLimit && this.#idleSlot() === null)
        return reject(passwordsBusy({ retryAfter: this.#secondsToWait() }))
      this.#waiting.push({ request, resolve, reject })
      this.#dispatch()
    })
  }

  load() {
    return { running: [...this.#slots].filter(({ task }) => task !== null).length, waiting: this.#waiting.length }
  }

  async close(): Promise<void> {
    this.#closed = true
    for (const { reject } of this.#waiting.splice(0)) reject(stopping({}))
    await Promise.all([...this.#slots].map((slot) => this.#end(slot)))
    this.#slots.clear()
  }

  #secondsToWait(): number {
    return Math.max(1, Math.ceil(((this.#waiting.length + 1) * this.#averageMs) / this.#workers / 1000))
  }

  #idleSlot(): Slot | null {
    for (const slot of this.#slots) if (slot.task === null) return slot
    return this.#slots.size < this.#workers ? this.#addSlot() : null
  }

  #addSlot(): Slot {
    const slot: Slot = { worker: new Worker(workerUrl(), workerOptions), task: null, startedAt: 0 }
    slot.worker.unref()
    slot.worker.on('message', (answer: HashAnswer) => this.#finish(slot, answer))
    // If a thread dies, its task fails, and the next task starts a new thread.
    slot.worker.on('error', (error) => this.#lose(slot, error))
    slot.worker.on('exit', () => this.#lose(slot, new Error('A hashing thread ended unexpectedly.')))
    this.#slots.add(slot)
    return slot
  }

  #dispatch(): void {
    while (this.#waiting.length > 0) {
      const slot = this.#idleSlot()
      const task = slot === null ? undefined : this.#waiting.shift()
      if (slot === null || task === undefined) return
      slot.task = task
      slot.startedAt = performance.now()
      slot.worker.ref() // keep the process alive until the answer arrives
      slot.worker.postMessage(task.request)
    }
  }

  #finish(slot: Slot, answer: HashAnswer): void {
    const { task } = slot
    slot.task = null
    slot.worker.unref()
    this.#averageMs += (performance.now() - slot.startedAt - this.#averageMs) / 8
    if (answer.ok) task?.resolve(answer.value)
    else task?.reject(new Error(`Hashing failed: ${answer.message}`))
    this.#dispatch()
  }

  #lose(slot: Slot, error: unknown): void {
    if (!this.#slots.delete(slot)) return
    slot.task?.reject(error)
    this.#dispatch()
  }

  async #end(slot: Slot): Promise<void> {
    const { task } = slot
    if (task !== null) await new Promise<void>((done) => slot.worker.once('message', () => done()).once('exit', () => done()))
    this.#slots.delete(slot)
    await slot.worker.terminate()
  }
}

const isSource = import.meta.url.endsWith('.ts')

/** The thread's program is beside this file, in TypeScript when run from source. */
function workerUrl(): URL {
  return new URL(isSource ? './argon2-worker.ts' : './argon2-worker.js', import.meta.url)
}

/** Run from source, it takes core's source as well. */
const workerOptions = isSource ? { execArgv: ['--conditions=@denizen/source'] } : {}
