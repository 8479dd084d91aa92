import { BoundedCache, type Core, type Question } from '@denizen/core'
import { json, type Fields, type WholeAnswer } from './answer.ts'
import { readInput } from './wire.ts'

/** Parsed query strings. */
class CheckInputs extends BoundedCache<Question> {
  constructor() {
    super('checkInputs', 20_000)
  }
}

/** Longer ones are not cached. */
const longestCached = 512

const inputStart = '?input='

/**
 * `access.check` by GET, answered from memory, for programs that ask before everything they
 * do. A query string is parsed once; the caller and the decision are looked up every time.
 */
export class ImmediateCheck {
  readonly #core: Core
  readonly #headers: Fields
  readonly #inputs: CheckInputs

  constructor(core: Core, headers: Fields) {
    this.#core = core
    this.#headers = headers
    this.#inputs = core.caches.of(CheckInputs)
  }

  /** undefined: it cannot be answered from memory, or is malformed; run it as any other call. */
  answer(token: string, search: string, requestId: string): WholeAnswer | undefined {
    const principal = this.#core.authenticated(token)
    const question = principal === undefined ? null : this.#questionIn(search)
    if (principal === undefined || question === null) return undefined
    const answer = this.#core.decide(principal, question, requestId)
    return answer === undefined
      ? undefined
      : { status: 200, headers: this.#headers, contentType: json, body: bodies[answer.allowed ? 1 : 0] }
  }

  #questionIn(search: string): Question | null {
    const known = this.#inputs.get(search)
    if (known !== undefined) return known
    const question = this.#core.question(inputIn(search))
    if (question !== null && search.length <= longestCached) this.#inputs.set(search, question)
    return question
  }
}

const bodies = [{ allowed: false }, { allowed: true }].map((data) => JSON.stringify({ result: { data: { json: data } } })) as [
  string,
  string,
]

/** The input, if the query string holds nothing else and is well-formed; else null. */
function inputIn(search: string): unknown {
  if (!search.startsWith(inputStart) || search.includes('&')) return null
  try {
    return readInput(JSON.parse(decodeURIComponent(search.slice(inputStart.length).replaceAll('+', ' ')))) ?? null
  } catch {
    // The usual path tells what is wrong with it.
    return null
  }
}
