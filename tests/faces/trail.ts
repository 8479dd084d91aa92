import type { ActionName } from '@denizen/core/calls'
import type { Prepared } from '../examples/index.ts'
import { inProcess, type Face, type Outcome, type Request } from './callers.ts'
import { exampleOf, isRepeatable } from './cases.ts'
import { makeRoom, type Place } from './place.ts'
import type { Case } from './shapes.ts'

/** What can be compared of a call: the answers, and what was written down about it. */
export interface Trail {
  readonly outcomes: readonly unknown[]
  readonly audit: readonly unknown[]
  /** Whether nobody in particular made it. */
  readonly byStranger: boolean
}

/** A call by a face, and the same one in process. */
export interface Pair {
  readonly trail: Trail
  readonly expected: Trail
}

/** Makes calls at one place. What a command came to in process is found out once, when it is first asked for. */
export class Follower {
  readonly #place: () => Place
  readonly #known = new Map<string, Promise<Trail>>()

  constructor(place: () => Place) {
    this.#place = place
  }

  async inProcess(name: ActionName, which: Case): Promise<Trail> {
    const key = `${name} ${which}`
    const known = this.#known.get(key) ?? this.#prepare(name, which).then((prepared) => this.#follow(inProcess, name, which, prepared))
    this.#known.set(key, known)
    return known
  }

  async both(face: Face, name: ActionName, which: Case): Promise<Pair> {
    if (!isRepeatable(name, which)) {
      const expected = await this.inProcess(name, which)
      return { expected, trail: await this.#follow(face, name, which, await this.#prepare(name, which)) }
    }
    // What only reads may tell of everybody, also of whom other examples have left: so both read in the same moment.
    const prepared = await this.#prepare(name, which)
    const expected = await this.#follow(inProcess, name, which, prepared)
    return { expected, trail: await this.#follow(face, name, which, prepared) }
  }

  async #prepare(name: ActionName, which: Case): Promise<Prepared> {
    const place = this.#place()
    await makeRoom(place.database)
    return exampleOf(name)[which === 'fails' ? 'fails' : 'succeeds'](await place.world())
  }

  async #follow(face: Face, name: ActionName, which: Case, prepared: Prepared): Promise<Trail> {
    const place = this.#place()
    const [cursor] = await place.database.rows<{ xid: string }>('select pg_snapshot_xmax(pg_current_snapshot())::text as xid')
    const outcomes: Outcome[] = []
    for (const request of requestsFor(name, which, prepared)) outcomes.push(await face.call(request, place))
    const audit = await place.database.rows(
      `select action, outcome, error_code, actor_kind, actor_id is not null as has_actor, session_id is not null as has_session,
         target_type, target_id is not null as has_target, changes from audit_entries where xid >= ?::xid8 order by id`,
      [cursor?.xid],
    )
    const same = which !== 'is repeated with a key' || JSON.stringify(outcomes[0]) === JSON.stringify(outcomes[1])
    return { outcomes: [...outcomes.map(comparable), { same }], audit: audit.map(comparable), byStranger: prepared.as === null }
  }
}

function requestsFor(name: ActionName, which: Case, prepared: Prepared): readonly Request[] {
  const request = { ...prepared, name }
  if (which === 'is planned') return [{ ...request, plan: true }]
  if (which !== 'is repeated with a key') return [request]
  const keyed = { ...request, idempotencyKey: crypto.randomUUID() }
  return [keyed, keyed]
}

/** As JSON, with what is random or of the moment replaced by what it is. */
function comparable(told: unknown): unknown {
  return JSON.parse(JSON.stringify(told), (key, value: unknown) => {
    if (key === 'lastSeenAt') return 'written a while later'
    if (typeof value !== 'string') return value
    if (key === 'nextCursor') return 'a cursor'
    return value
      .replace(/\bdnz_\w+/g, 'a token')
      .replace(/^guest-[0-9a-z]{10}$/, 'a guest')
      .replace(/^eyJ[\w.-]+$/, 'a signed token')
      .replace(/^http:\/\/127\.0\.0\.1:\d+/, 'here')
      .replace(/^<svg .*<\/svg>$/s, 'a picture')
      .replace(/(^|\bsecret=)[A-Z2-7]{32}\b/, '$1a key')
      .replace(/^([0-9a-z]{4}-){2}[0-9a-z]{4}$/, 'a recovery code')
      .replace(/^[\w-]{43}$/, 'a nonce')
      .replace(/\b(state|nonce|code_challenge)=[\w-]{43}\b/g, '$1=a nonce')
      .replace(/(^|=)[A-Z]{4}-[A-Z]{4}$/, '$1a user code')
      .replace(/^dXNyX[\w-]{35}$/, 'a user handle')
      .replace(/\b(denizen-verification)=\w+/, '$1=a challenge')
      .replace(/\b([a-z]{3,4})_[0-9a-hjkmnp-tv-z]{26}\b/g, 'an id: $1')
      .replace(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/, 'a time')
  })
}
