import { equals } from '@mikro-orm/core'

/** Writes fields of an entity's row. Unlike `Object.assign` it takes only fields that the row has, with their types. */
export function change<Row extends object>(row: Row, fields: Partial<Row>): void {
  Object.assign(row, fields)
}

/** The fields of a patch that differ from the row. An absent field, or one that is undefined, stays as it is. */
export function changedFields<Row extends object>(
  row: Row,
  patch: { readonly [Field in keyof Row]?: Row[Field] | undefined },
): Partial<Row> {
  const changed: Partial<Row> = {}
  for (const field of Object.keys(patch) as (keyof Row)[]) {
    const value = patch[field]
    if (value !== undefined && !equals(value, row[field])) changed[field] = value
  }
  return changed
}
