import type { Core, Question } from '@denizen/core'
import { json, type Answer, type Fields } from './answer.ts'
import { readInput } from './wire.ts'

/** Questions that are remembered as they were read, and how long one may be: as many again are forgotten at once. */
const mostRemembered = 20_000
const longestRemembered = 512

const inputStart = '?input='

/**
 * `access.check` by GET, answered from memory: for programs that ask it before everything
 * they do. What is in a query string is read once; who asks, and the answer, are looked up every time.
 */
export class Questions {
  readonly #core: Core
  readonly #headers: Fields
  #read = new Map<string, Question>()

  constructor(core: Core, headers: Fields) {
    this.#core = core
    this.#headers = headers
  }

  /** undefined: it has to be run, or is not as it should be. */
  answer(token: string, search: string, requestId: string): Answer | undefined {
    const principal = this.#core.authenticated(token)
    const question = principal === undefined ? null : this.#questionIn(search)
    if (principal === undefined || question === null) return undefined
    const answer = this.#core.decide(principal, question, requestId)
    return answer === undefined
      ? undefined
      : { status: 200, headers: this.#headers, contentType: json, body: bodies[answer.allowed ? 1 : 0] }
  }

  #questionIn(search: string): Question | null {
    const known = this.#read.get(search)
    if (known !== undefined) return known
    const question = this.#core.question(inputIn(search))
    if (question === null || search.length > longestRemembered) return question
    if (this.#read.size >= mostRemembered) this.#read = new Map()
    this.#read.set(search, question)
    return question
  }
}

const bodies = [{ allowed: false }, { allowed: true }].map((data) => JSON.stringify({ result: { data: { json: data } } })) as [
  string,
  string,
]

/** The input, if the query string holds nothing else and it is read without a complaint; null is no question. */
function inputIn(search: string): unknown {
  if (!search.startsWith(inputStart) || search.includes('&')) return null
  try {
    return readInput(JSON.parse(decodeURIComponent(search.slice(inputStart.length).replaceAll('+', ' ')))) ?? null
  } catch {
    // Whatever is wrong with it: the road that answers everything else says what.
    return null
  }
}
