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
 * @param eachTransaction Sets up a transaction, behind a pooler that may give each one another connection: it is sent before
 * all else in every transaction and every statement outside of one, and nothing is prepared. null: connections stay the same.
 */
export function usePipelineMode(client: PoolClient, eachTransaction: string | null = null): void {
  const sender = new PipelineSender(client, eachTransaction)
  client.query = ((text: unknown, values?: unknown, ...rest: unknown[]) => sender.query(text, values, ...rest)) as PoolClient['query']
}

class PipelineSender {
  readonly #send: Send
  readonly #types: CustomTypesConfig
  /** The statement that begins a transaction, held back until its first statement. */
  #beginning: string | null = null
  #waiting: PipelinedStatement[] = []
  #isSending = false
  readonly #eachTransaction: string | null
  #isInTransaction = false

  constructor(client: PoolClient, eachTransaction: string | null) {
    this.#eachTransaction = eachTransaction
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
      const name = this.#eachTransaction === null ? preparedStatements.get(text) : undefined
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
      if (begin !== null) await this.#sendWithBegin(begin, statements)
      else if (this.#eachTransaction === null || this.#isInTransaction) await this.#sendAll(statements)
      else await this.#sendSetUp(this.#eachTransaction, statements)
      this.#isInTransaction = (begin !== null || this.#isInTransaction) && !statements.some(({ config }) => isEnd(config.text))
    }
    this.#isSending = false
  }

  async #sendWithBegin(begin: string, statements: readonly PipelinedStatement[]): Promise<void> {
    const setUp = this.#eachTransaction === null ? [] : [this.#eachTransaction]
    if (statements.every(isExtended)) return this.#sendPipelined([...[begin, ...setUp].map(unheard), ...statements])
    try {
      await this.#send([begin, ...setUp].join(';'))
    } catch (error) {
      for (const { failed } of statements) failed(error as Error)
      return
    }
    await this.#sendAll(statements)
  }

  /** Statements outside of a transaction. One message is one transaction; a text of several statements goes by the simple protocol. */
  async #sendSetUp(setUp: string, statements: readonly PipelinedStatement[]): Promise<void> {
    const [only] = statements
    if (only === undefined || isExtended(only) || !only.config.text.includes(';'))
      return this.#sendPipelined([unheard(setUp), ...statements])
    const answers = this.#send(`${setUp};${only.config.text}`) as Promise<unknown>
    await answers.then((results) => only.answered((results as QueryResult[]).at(-1) as QueryResult), only.failed)
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

/** A statement whose answer nobody waits for; if it fails, so does what comes after it. */
function unheard(text: string): PipelinedStatement {
  return { config: { text }, answered: () => {}, failed: () => {} }
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
