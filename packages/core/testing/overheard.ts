import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import type { CallReport, Monitor } from '@denizen/core'

/**
 * Keeps what Denizen says while tests run (log lines at every level, error messages
 * with their details and causes, what its processes print) in files, where
 * DENIZEN_TEST_OVERHEARD names a folder: scripts/check-secrets.ts looks for secrets there.
 */
const folder = process.env['DENIZEN_TEST_OVERHEARD'] ?? ''
const file = folder === '' ? null : join(folder, `${process.pid}-${crypto.randomUUID().slice(0, 8)}.log`)

/** Whether anybody listens. */
export const isOverheard = file !== null

/** Keeps what was said. */
export function overhear(source: string, said: unknown): void {
  if (file !== null) appendFileSync(file, `${source}: ${typeof said === 'string' ? said : JSON.stringify(said, plain)}\n`)
}

/** Tells of every failed call what its caller was told, and what led to it. */
export const overhearing: Monitor = {
  observe({ action, error, fault }: CallReport) {
    if (error !== undefined) overhear(`error of ${action}`, error)
    if (fault !== undefined) overhear(`fault of ${action}`, fault)
  },
}

/** Errors hide what they know from JSON. */
function plain(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return String(value)
  if (!(value instanceof Error)) return value
  const { name, message, stack, cause } = value
  return { ...value, name, message, stack, cause }
}
