import { DenizenError } from '@denizen/core/calls'
import { detailsOf } from '../error-details.ts'

/** One thing that was looked at, and what to do about it. */
export interface Check {
  readonly name: string
  readonly state: 'ok' | 'warning' | 'problem'
  readonly found: string
  readonly next: string | null
}

export function ok(name: string, found: string): Check {
  return { name, state: 'ok', found, next: null }
}

export function problem(name: string, error: unknown, next: string | null): Check {
  const told = error instanceof DenizenError ? (detailsOf(error).next ?? next) : next
  return { name, state: 'problem', found: error instanceof Error ? error.message : String(error), next: told }
}
