import { preparedStatements } from '@denizen/core'
import type { CustomTypesConfig, PoolClient, QueryResult } from 'pg'
import { Burst, type Asked } from './burst.ts'

type Send = (...parameters: unknown[]) => Promise<QueryResult>

/**
 * Sends what is asked of a connection at once in one message, and the beginning of a
 * transaction with its first statement: ways there and back cost both sides more than most
 * statements do. Core's busiest statements are prepared when they are first sent on a connection
 * (https://node-postgres.com/features/queries#prepared-statements): planning them costs
 * more than running them.
 */
export function sendTogether(client: PoolClient): void {
  const sender = new Sender(client)
  client.query = ((text: unknown, values?: unknown, ...rest: unknown[]) => sender.query(text, values, ...rest)) as PoolClient['query']
}

class Sender {
  readonly #send: Send
  readonly #types: CustomTypesConfig
  /** How a transaction that was asked for is to begin: with its first statement. */
  #beginning: string | null = null
  #waiting: Asked[] = []
  #isSending = false

  constructor(client: PoolClient) {
    this.#send = client.query.bind(client) as Send
    this.#types = { getTypeParser: client.getTypeParser.bind(client) }
  }

  query(text: unknown, values?: unknown, ...rest: unknown[]): unknown {
    if (typeof text !== 'string' || typeof values === 'function' || rest.length > 0) {
      if (this.#beginning !== null) throw new TypeError('A transaction begins with a statement that is a text.')
      return this.#send(text, values, ...rest)
    }
    if (isBeginning(text)) {
      this.#beginning = text
      return Promise.resolve(nothingYet)
    }
    if (this.#beginning !== null && isEnd(text) && this.#waiting.length === 0) {
      this.#beginning = null
      return Promise.resolve(nothingYet)
    }
    return new Promise<QueryResult>((answered, failed) => {
      const name = preparedStatements.get(text)
      const config = { text, values: (values ?? []) as unknown[], ...(name !== undefined && { name }) }
      this.#waiting.push({ config, answered, failed })
      // After all that is already on its way to this line, and before the network is looked at again.
      if (this.#waiting.length === 1 && !this.#isSending) process.nextTick(() => void this.#sendWaiting())
    })
  }

  async #sendWaiting(): Promise<void> {
    this.#isSending = true
    while (this.#waiting.length > 0) {
      const asked = this.#waiting.splice(0, travellingIn(this.#waiting))
      const begin = this.#beginning
      this.#beginning = null
      if (begin === null) await this.#sendAll(asked)
      else await this.#sendBegun(begin, asked)
    }
    this.#isSending = false
  }

  async #sendBegun(begin: string, asked: readonly Asked[]): Promise<void> {
    if (asked.every(isExtended)) return this.#burst([{ config: { text: begin }, answered: () => {}, failed: () => {} }, ...asked])
    try {
      await this.#send(begin)
    } catch (error) {
      for (const { failed } of asked) failed(error as Error)
      return
    }
    await this.#sendAll(asked)
  }

  async #sendAll(asked: readonly Asked[]): Promise<void> {
    const [only] = asked
    if (only === undefined || asked.length > 1) return this.#burst(asked)
    await this.#send(only.config).then(only.answered, only.failed)
  }

  #burst(asked: readonly Asked[]): Promise<void> {
    return new Promise((resolve) => {
      let left = asked.length
      const settled = (): void => void (--left === 0 && resolve())
      const counted = asked.map(({ config, answered, failed }) => ({
        config,
        answered: (result: QueryResult) => (answered(result), settled()),
        failed: (error: Error) => (failed(error), settled()),
      }))
      void this.#send(new Burst(counted, this.#types))
    })
  }
}

/** How many of those that wait travel in one message. */
function travellingIn(waiting: readonly Asked[]): number {
  const alone = waiting.findIndex((asked) => !isExtended(asked))
  return alone === -1 ? waiting.length : Math.max(alone, 1)
}

/**
 * Whether a statement can be one of several in a message. A text without values may be several statements in truth,
 * which only the simple protocol takes; and a rollback after a statement that fails would be skipped.
 */
function isExtended({ config }: Asked): boolean {
  return (config.values ?? []).length > 0 || config.text === 'commit'
}

function isBeginning(text: string): boolean {
  return text === 'begin' || text.startsWith('start transaction')
}

function isEnd(text: string): boolean {
  return text === 'commit' || text === 'rollback'
}

const nothingYet = { command: 'BEGIN', rowCount: null, rows: [] }
