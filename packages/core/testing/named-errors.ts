import type { CallReport, Monitor } from '@denizen/core'
import { actions } from '../src/actions.ts'
import { commonErrors } from '../src/common-errors.ts'
import type { Action } from '../src/kernel/action.ts'

const common = new Set(commonErrors.map(({ code }) => code))

/** Checks that actions answer only errors that their signatures name: collects the others while a test runs, and `check` fails if there are any. */
export class UnnamedErrors implements Monitor {
  readonly #seen = new Set<string>()

  observe({ action, error }: CallReport): void {
    const known = actions.get(action)
    // An action of a test's own has no contract to keep.
    if (error === undefined || known === undefined || isNamed(known, error.code)) return
    this.#seen.add(`${action} answers ${error.code}: name it under errors in its signature`)
  }

  /** Fails when there were any since the last time. */
  check(): void {
    const seen = [...this.#seen]
    this.#seen.clear()
    if (seen.length > 0) throw new Error(seen.join('\n'))
  }
}

function isNamed({ signature: { errors = [] } }: Action, code: string): boolean {
  return common.has(code) || errors.some((error) => error.code === code)
}
