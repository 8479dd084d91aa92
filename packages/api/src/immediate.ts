import { BoundedCache, type Core, type ImmediateAnswer, type ImmediateQuery } from '@denizen/core'
import { readInput } from './wire/input.ts'
import { writeOutput } from './wire/output.ts'

/** Inputs that were parsed, by URL. */
class ImmediateInputs extends BoundedCache<ImmediateAnswer<string>> {
  constructor() {
    super('immediateInputs', 20_000)
  }
}

/** Longer query strings are not cached. */
const longestCached = 512

const inputStart = '?input='

/** A query that is answered from memory, for programs that ask it before everything they do. Query strings are parsed once. */
export class ImmediateAnswers {
  readonly #core: Core
  readonly #query: ImmediateQuery<string>
  readonly #inputs: ImmediateInputs

  constructor(core: Core, query: ImmediateQuery<string>) {
    this.#core = core
    this.#query = query
    this.#inputs = core.caches.of(ImmediateInputs)
  }

  /** The body of an answer; undefined: it cannot be answered from memory, or is malformed; run it as any other call. */
  body(token: string, url: string, search: string, requestId: string): string | undefined {
    const principal = this.#core.authenticated(token)
    // Nothing is parsed or cached for strangers.
    return principal === undefined ? undefined : this.#answerTo(url, search)?.(principal, requestId)
  }

  #answerTo(url: string, search: string): ImmediateAnswer<string> | null {
    const known = this.#inputs.get(url)
    if (known !== undefined) return known
    const answer = this.#read(search)
    if (answer !== null && search.length <= longestCached) this.#inputs.set(url, answer)
    return answer
  }

  /** null: the query string holds more than an input, or is malformed; the usual path says what is wrong with it. */
  #read(search: string): ImmediateAnswer<string> | null {
    if (search === '') return this.#query(undefined)
    if (!search.startsWith(inputStart) || search.includes('&')) return null
    try {
      return this.#query(readInput(JSON.parse(decodeURIComponent(search.slice(inputStart.length).replaceAll('+', ' ')))))
    } catch {
      return null
    }
  }
}

/** Of some actions, those that can be answered from memory, by name. */
export function immediateAnswers(core: Core, names: readonly string[]): ReadonlyMap<string, ImmediateAnswers> {
  const found = new Map<string, ImmediateAnswers>()
  for (const name of names) {
    const query = core.immediate(name, (answer) => `{"result":{"data":${writeOutput(answer)}}}`)
    if (query !== undefined) found.set(name, new ImmediateAnswers(core, query))
  }
  return found
}
