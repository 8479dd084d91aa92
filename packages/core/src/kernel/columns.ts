import { p, Type } from '@mikro-orm/core'
import { idOf, uuidOf, type Id } from './id.ts'

/**
 * Column types that all features share. Everywhere above the database an id is a TypeID; only this type and hand-written SQL know the
 * UUID.
 */
class IdType<Prefix extends string> extends Type<Id<Prefix>, string> {
  private readonly prefix: Prefix
  constructor(prefix: Prefix) {
    super()
    this.prefix = prefix
  }
  override convertToDatabaseValue(value: Id<Prefix> | null): string {
    return value === null ? (value as unknown as string) : value.startsWith(this.prefix) ? uuidOf(value) : value
  }
  override convertToJSValue(value: string | null): Id<Prefix> {
    return value === null
      ? (value as unknown as Id<Prefix>)
      : value.startsWith(this.prefix)
        ? (value as Id<Prefix>)
        : idOf(this.prefix, value)
  }
  override getColumnType(): string {
    return 'uuid'
  }
  override compareAsType(): string {
    return 'string'
  }
}

/** A `uuid` column that reads as a TypeID. */
export function idColumn<Prefix extends string>(prefix: Prefix) {
  return p.type(new IdType(prefix)).$type<Id<Prefix>, string>()
}

/** A point in time, with time zone. */
export function instant() {
  return p.datetime().columnType('timestamptz')
}

/** An IP address. */
export function address() {
  return p.string().columnType('inet')
}

/** The transaction that wrote the row. Feeds are read in this order, below the oldest running transaction. */
export function transactionId() {
  return p.string().columnType('xid8').defaultRaw('pg_current_xact_id()')
}
