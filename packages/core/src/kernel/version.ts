import { versionConflict } from './errors.ts'

/** Refuses when somebody changed the row after the caller read it. Call it on a locked row. */
export function expectVersion(row: { readonly version: number }, expected: number | undefined): void {
  if (expected !== undefined && expected !== row.version) throw versionConflict({ expected, current: row.version })
}
