import { Query, type Connection, type CustomTypesConfig, type QueryConfig, type QueryResult, type Submittable } from 'pg'

/** A statement to send, and its callbacks. */
export interface PipelinedStatement {
  readonly config: QueryConfig
  answered(result: QueryResult): void
  failed(error: Error): void
}

/** The message handlers of pg's queries, which its types leave out. */
interface Part extends Submittable {
  handleRowDescription(message: unknown): void
  handleDataRow(message: unknown): void
  handleCommandComplete(message: unknown, connection: Connection): void
  handleReadyForQuery(connection: Connection): void
  handleError(error: Error, connection: Connection): void
}

/** The prepared statements of a connection, and those that will be prepared once they are parsed. */
interface Prepared {
  readonly parsedStatements: Readonly<Record<string, string>>
  readonly submittedNamedStatements: Record<string, string>
}

/**
 * Several statements in one message with a single Sync at its end (PostgreSQL's pipeline
 * mode): one round trip instead of one for each, and the server wakes once. They run one
 * after another, each with a snapshot of its own; after one that fails the server skips the rest
 * (https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-EXT-QUERY),
 * and those fail with the same error. A submittable, as pg-cursor is one.
 */
export class PipelinedQuery implements Submittable {
  readonly #parts: readonly Part[]
  /** Names of the statements that this message prepares, in order; undefined: unnamed. */
  readonly #preparing: (string | undefined)[] = []
  #prepared = 0
  #done = 0

  constructor(statements: readonly PipelinedStatement[], types: CustomTypesConfig) {
    this.#parts = statements.map(({ config, answered, failed }) => {
      // Only the extended protocol has a Sync message that can be left out.
      const part = new Query({ ...config, types, queryMode: 'extended' } as QueryConfig, (error, result) =>
        error ? failed(error) : answered(result as unknown as QueryResult),
      )
      return part as unknown as Part
    })
  }

  submit(connection: Connection): void {
    connection.on('parseComplete', this.#countPrepared)
    const withoutSync = Object.create(connection, {
      sync: { value: () => {} },
      parse: { value: this.#parseOn(connection) },
      bind: { value: bindOn(connection) },
    }) as Connection
    connection.stream.cork()
    try {
      for (const part of this.#parts) part.submit(withoutSync)
      connection.sync()
    } finally {
      connection.stream.uncork()
    }
  }

  #parseOn(connection: Connection): Connection['parse'] {
    return (query, more) => {
      this.#preparing.push(query.name === '' ? undefined : query.name)
      connection.parse(query, more)
    }
  }

  readonly #countPrepared = (): void => void this.#prepared++

  handleRowDescription(message: unknown): void {
    this.#parts[this.#done]?.handleRowDescription(message)
  }

  handleDataRow(message: unknown): void {
    this.#parts[this.#done]?.handleDataRow(message)
  }

  handleCommandComplete(message: unknown, connection: Connection): void {
    this.#parts[this.#done++]?.handleCommandComplete(message, connection)
  }

  handleReadyForQuery(connection: Connection): void {
    connection.off('parseComplete', this.#countPrepared)
    for (const part of this.#parts) part.handleReadyForQuery(connection)
  }

  /** Also called when the connection is lost; statements that were answered before succeed. */
  handleError(error: Error, connection: Connection): void {
    connection.off('parseComplete', this.#countPrepared)
    const { submittedNamedStatements } = connection as unknown as Prepared
    for (const name of this.#preparing.slice(this.#prepared)) if (name !== undefined) delete submittedNamedStatements[name]
    this.#parts.forEach((part, index) => (index < this.#done ? part.handleReadyForQuery(connection) : part.handleError(error, connection)))
  }
}

/** A value that cannot be serialized would leave a statement out of the message, and every answer would belong to the wrong statement. */
function bindOn(connection: Connection): Connection['bind'] {
  return (values, more) => {
    try {
      connection.bind(values, more)
    } catch (error) {
      connection.stream.destroy(error as Error)
      throw error
    }
  }
}
