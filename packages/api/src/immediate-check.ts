import type { Core, Question } from '@denizen/core'
import { json, type Fields, type WholeAnswer } from './answer.ts'
import { readInput } from './wire/input.ts'

/** Parsed query strings that are cached, and the longest one that is: a full cache is emptied. */
const mostRemembered = 20_000
const longestRemembered = 512

const inputStart = '?input='

/**
 * `access.check` by GET, answered from memory, for programs that ask before everything they
 * do. A query string is parsed once; the caller and the decision are looked up every time.
 */
export class ImmediateCheck {
  readonly #core: Core
  readonly #headers: Fields
  #read = new Map<string, Question>()

  constructor(core: Core, headers: Fields) {
    this.#core = core
    this.#headers = headers
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
