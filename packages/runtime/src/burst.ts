import { Query, type Connection, type CustomTypesConfig, type QueryConfig, type QueryResult, type Submittable } from 'pg'

/** A statement to send, and whoever waits for its answer. */
export interface Asked {
  readonly config: QueryConfig
  answered(result: QueryResult): void
  failed(error: Error): void
}

/** What pg's own queries do with what the server says; its types leave that out. */
interface Part extends Submittable {
  handleRowDescription(message: unknown): void
  handleDataRow(message: unknown): void
  handleCommandComplete(message: unknown, connection: Connection): void
  handleReadyForQuery(connection: Connection): void
  handleError(error: Error, connection: Connection): void
}

/** Which prepared statements a connection has, or will have once they are parsed. */
interface Prepared {
  readonly parsedStatements: Readonly<Record<string, string>>
  readonly submittedNamedStatements: Record<string, string>
}

/**
 * Several statements in one message with one Sync at its end: one way there and back
 * instead of one for each, and the server wakes once. They run one after another, each
 * on what is committed when it begins; after one that fails the server skips the rest
 * (https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-EXT-QUERY),
 * and those fail with the same error. A submittable, as pg-cursor is one.
 */
export class Burst implements Submittable {
  readonly #parts: readonly Part[]
  /** Names that this message has the server prepare, in its order; undefined: unnamed. */
  readonly #preparing: (string | undefined)[] = []
  #prepared = 0
  #done = 0

  constructor(asked: readonly Asked[], types: CustomTypesConfig) {
    this.#parts = asked.map(({ config, answered, failed }) => {
      // Only the extended protocol has a Sync that can be left out.
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

  /** Also called when the connection is lost: what was done before is done. */
  handleError(error: Error, connection: Connection): void {
    connection.off('parseComplete', this.#countPrepared)
    const { submittedNamedStatements } = connection as unknown as Prepared
    for (const name of this.#preparing.slice(this.#prepared)) if (name !== undefined) delete submittedNamedStatements[name]
    this.#parts.forEach((part, index) => (index < this.#done ? part.handleReadyForQuery(connection) : part.handleError(error, connection)))
  }
}

/** A value that cannot be written leaves a message with a statement missing: the answers would be taken for one another's. */
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
