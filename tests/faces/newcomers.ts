import { userActor, uuidOf } from '@denizen/core'
import type { SignedInUser } from '@denizen/core/testing'
import type { SystemDatabase } from '../database.ts'
import type { Named } from '../examples/index.ts'

/** So many are let in at once. */
const batch = 25

/** Milliseconds that a proof is used for: far less than it holds. */
export const proofUse = 60_000

/** People who are signed in before they are asked for, which takes a tenth of the time; they get their names and password then. */
export class Newcomers {
  readonly #database: SystemDatabase
  /** Whose password they all have. */
  readonly #like: SignedInUser
  #waiting: SignedInUser[] = []
  #since = 0

  constructor(database: SystemDatabase, like: SignedInUser) {
    this.#database = database
    this.#like = like
  }

  async next(named: Named): Promise<SignedInUser> {
    const newcomer = await this.#take()
    await this.#database.rows(
      `with named as (update users set username = ?, email = ?, full_name = ?, folded_full_name = lower(?), password_changed_at = created_at where id = ? returning id, created_at)
      insert into passwords (user_id, hash, changed_at) select named.id, hash, created_at from named, passwords where user_id = ?`,
      [named.username, named.email, named.fullName, named.fullName, uuidOf(newcomer.user.id), uuidOf(this.#like.user.id)],
    )
    const { username, email } = named
    const principal = { ...newcomer.principal, username, email }
    return { ...newcomer, user: { ...newcomer.user, ...named }, principal, as: this.#database.core.as(userActor(principal)) }
  }

  async #take(): Promise<SignedInUser> {
    if (performance.now() - this.#since > proofUse) this.#waiting = []
    if (this.#waiting.length === 0) {
      this.#waiting = await this.#database.people.crowd(batch)
      this.#since = performance.now()
    }
    const newcomer = this.#waiting.pop()
    if (newcomer === undefined) throw new Error('nobody came')
    return newcomer
  }
}
