import { z } from 'zod'
import { versionConflict } from './errors.ts'

/** The version that a command is based on. */
export const versionRead = z
  .int()
  .optional()
  .meta({ description: 'the version you read; the change is refused when somebody changed it since' })

/** Throws if the row has changed since the caller read it. Call it on a locked row. */
export function expectVersion(row: { readonly version: number }, expected: number | undefined): void {
  if (expected !== undefined && expected !== row.version) throw versionConflict({ expected, current: row.version })
}
