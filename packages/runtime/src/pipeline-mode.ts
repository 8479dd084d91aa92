import { preparedStatements } from '@denizen/core'
import type { CustomTypesConfig, PoolClient, QueryResult } from 'pg'
import { PipelinedQuery, type PipelinedStatement } from './pipelined-query.ts'

type Send = (...parameters: unknown[]) => Promise<QueryResult>

/**
 * Pipeline mode for a connection: statements that are queried in the same tick are sent in one
 * message, and the beginning of a transaction with its first statement, because a round trip
 * costs both sides more than most statements do. Core's most frequent statements are prepared
 * when they are first sent on a connection
 * (https://node-postgres.com/features/queries#prepared-statements), because planning them
 * costs more than running them.
 */
export function usePipelineMode(client: PoolClient): void {
  const sender = new PipelineSender(client)
  client.query = ((text: unknown, values?: unknown, ...rest: unknown[]) => sender.query(text, values, ...rest)) as PoolClient['query']
}

class PipelineSender {
  readonly #send: Send
  readonly #types: CustomTypesConfig
  /** The statement that begins a transaction, held back until its first statement. */
  #beginning: string | null = null
  #waiting: PipelinedStatement[] = []
  #isSending = false

  constructor(client: PoolClient) {
    this.#send = client.query.bind(client) as Send
    this.#types = { getTypeParser: client.getTypeParser.bind(client) }
  }

  query(text: unknown, values?: unknown, ...rest: unknown[]): unknown {
    if (typeof text !== 'string' || typeof values === 'function' || rest.length > 0) {
      if (this.#beginning !== null) throw new TypeError('A transaction has to start with a statement given as text.')
      return this.#send(text, values, ...rest)
    }
    if (isBeginning(text)) {
      this.#beginning = text
      return Promise.resolve(begunAnswer)
    }
    if (this.#beginning !== null && isEnd(text) && this.#waiting.length === 0) {
      this.#beginning = null
      return Promise.resolve(begunAnswer)
    }
    return new Promise<QueryResult>((answered, failed) => {
      const name = preparedStatements.get(text)
      const config = { text, values: (values ?? []) as unknown[], ...(name !== undefined && { name }) }
      this.#waiting.push({ config, answered, failed })
      // After all queries of this tick, and before the next I/O event.
      if (this.#waiting.length === 1 && !this.#isSending) process.nextTick(() => void this.#sendWaiting())
    })
  }

  async #sendWaiting(): Promise<void> {
    this.#isSending = true
    while (this.#waiting.length > 0) {
      const statements = this.#waiting.splice(0, pipelineLength(this.#waiting))
      const begin = this.#beginning
      this.#beginning = null
      if (begin === null) await this.#sendAll(statements)
      else await this.#sendWithBegin(begin, statements)
    }
    this.#isSending = false
  }

  async #sendWithBegin(begin: string, statements: readonly PipelinedStatement[]): Promise<void> {
    if (statements.every(isExtended))
      return this.#sendPipelined([{ config: { text: begin }, answered: () => {}, failed: () => {} }, ...statements])
    try {
      await this.#send(begin)
    } catch (error) {
      for (const { failed } of statements) failed(error as Error)
      return
    }
    await this.#sendAll(statements)
  }

  async #sendAll(statements: readonly PipelinedStatement[]): Promise<void> {
    const [only] = statements
    if (only === undefined || statements.length > 1) return this.#sendPipelined(statements)
    await this.#send(only.config).then(only.answered, only.failed)
  }

  #sendPipelined(statements: readonly PipelinedStatement[]): Promise<void> {
    return new Promise((resolve) => {
      let left = statements.length
      const settled = (): void => void (--left === 0 && resolve())
      const counted = statements.map(({ config, answered, failed }) => ({
        config,
        answered: (result: QueryResult) => (answered(result), settled()),
        failed: (error: Error) => (failed(error), settled()),
      }))
      void this.#send(new PipelinedQuery(counted, this.#types))
    })
  }
}

/** How many of the waiting statements go into the next message. */
function pipelineLength(waiting: readonly PipelinedStatement[]): number {
  const alone = waiting.findIndex((statement) => !isExtended(statement))
  return alone === -1 ? waiting.length : Math.max(alone, 1)
}

/**
 * Whether a statement can be pipelined. A text without values may hold several statements, which only
 * the simple protocol takes; and the server would skip a rollback behind a statement that fails.
 */
function isExtended({ config }: PipelinedStatement): boolean {
  return (config.values ?? []).length > 0 || config.text === 'commit'
}

function isBeginning(text: string): boolean {
  return text === 'begin' || text.startsWith('start transaction')
}

function isEnd(text: string): boolean {
  return text === 'commit' || text === 'rollback'
}

const begunAnswer = { command: 'BEGIN', rowCount: null, rows: [] }
