import type { IncomingMessage } from 'node:http'
import { unknownAction, type Core, type DenizenError } from '@denizen/core'
import type { AnyTRPCProcedure, AnyTRPCRouter } from '@trpc/server'
import { fetchRequestHandler } from '@trpc/server/adapters/fetch'
import type { TrustedProxies } from './addresses.ts'
import { json, type Fields, type WholeAnswer } from './answer.ts'
import { readCallBody } from './call-body.ts'
import { callerOf, callHeadersOf, contextOf, retiredPlanHeader, tokenInHeaders, type CallHeaders, type Credential } from './context.ts'
import type { CookieSession } from './cookies.ts'
import { batchTooLarge, errorHeaders, malformed, httpErrorOf, methodNotAllowed, notBatched, toDomainError } from './errors.ts'
import { immediateAnswers, type ImmediateAnswers } from './immediate.ts'
import { callNamed, shapeOf, type Context } from './procedures.ts'
import { writeOutput } from './wire/output.ts'
import { readInput } from './wire/input.ts'

/** The most calls in one request. */
const largestBatch = 20

/** The names in a path, in one spelling only: no escapes, no empty segments. */
const namesPattern = /^[A-Za-z0-9]+(?:\.[A-Za-z0-9]+){1,2}(?:,[A-Za-z0-9]+(?:\.[A-Za-z0-9]+){1,2})*$/

export interface EndpointOptions {
  readonly core: Core
  readonly router: AnyTRPCRouter
  readonly proxies: TrustedProxies
  /** Bytes. */
  readonly bodyLimit: number
}

/** A request to the endpoint: `names` is what follows `/trpc/`; `search` starts with `?` or is empty. */
export interface EndpointRequest {
  readonly request: IncomingMessage
  readonly names: string
  readonly search: string
  readonly requestId: string
  /** Aborted when the client leaves. */
  readonly signal: () => AbortSignal
}

interface Result {
  readonly status: number
  /** JSON. */
  readonly envelope: string
  readonly error?: DenizenError
}

/**
 * tRPC on node:http. Calls and batches of calls are passed directly to the core; everything
 * else that tRPC supports (streams, subscriptions) goes through its own fetch adapter, at
 * several times the cost. Both give the same answers.
 */
export class TrpcEndpoint {
  readonly #options: EndpointOptions
  readonly #procedures: Readonly<Record<string, AnyTRPCProcedure>>
  /** Queries that can be answered from memory, by name. */
  readonly #immediate: ReadonlyMap<string, ImmediateAnswers>

  constructor(options: EndpointOptions) {
    this.#options = options
    this.#procedures = options.router._def.procedures as Readonly<Record<string, AnyTRPCProcedure>>
    this.#immediate = immediateAnswers(options.core, Object.keys(this.#procedures))
  }

  /** An answer from memory, of a query that can be answered so; undefined: there is none, ask `answer`. */
  immediate({ request, names, search, requestId }: EndpointRequest): WholeAnswer | undefined {
    const answers = request.method === 'GET' ? this.#immediate.get(names) : undefined
    if (answers === undefined) return undefined
    const { headers } = request
    const token = tokenInHeaders(headers)
    if (token === null || !isPlain(headers) || headers['idempotency-key'] !== undefined || headers[retiredPlanHeader] !== undefined)
      return undefined
    const body = answers.body(token, request.url ?? `/trpc/${names}${search}`, search, requestId)
    return body === undefined ? undefined : { status: 200, headers: vary, contentType: json, body }
  }

  /** Answers a request, also when it fails; null: the client has left, and nothing was done. */
  async answer(asked: EndpointRequest): Promise<WholeAnswer | Response | null> {
    const { request, names } = asked
    const batched = new URLSearchParams(asked.search).get('batch') === '1'
    let credential: Credential = 'none'
    let cookies: CookieSession | null = null
    try {
      if (request.method === 'HEAD') return { status: 204, contentType: json, body: '' }
      const calls = this.#check(request, names, batched)
      const headers = callHeadersOf(request.headers)
      if (batched && headers.idempotencyKey !== undefined) throw notBatched({ header: 'Idempotency-Key' })
      const caller = await callerOf(request, asked.requestId, this.#options.core, this.#options.proxies)
      ;({ credential, cookies = null } = caller)
      const body = request.method === 'POST' ? await readCallBody(this.#options, request, calls, caller) : ''
      if (body === null || request.socket.destroyed) return null
      const context = contextOf(this.#options.core, caller, headers)
      const text = request.method === 'POST' ? body : directInput(asked.search, batched)
      const unusual = text === null || !isPlain(request.headers)
      if (unusual && cookies?.isRequested === true)
        throw malformed('Denizen-Session', 'works with plain JSON answers only, not with streams')
      if (unusual) return await this.#throughFetch(asked, body, context, credential)
      if (batched) return withCookies(answerOf(await this.#batch(calls, text, context), true, credential), cookies)
      const result = await this.#call(names, () => readInput(parse(text)), context)
      return withKey(headers, withCookies(answerOf([result], false, credential), cookies))
    } catch (thrown) {
      const path = !batched && namesPattern.test(names) ? names : undefined
      return withCookies(answerOf([this.#failure(thrown, path, asked.requestId)], false, credential), cookies)
    }
  }

  /** Refuses malformed calls before anything is read or looked up. */
  #check({ method = '' }: IncomingMessage, names: string, batched: boolean): readonly string[] {
    if (!namesPattern.test(names)) throw unknownAction({ action: names.slice(0, 100) })
    const calls = batched ? names.split(',') : [names]
    if (calls.length > largestBatch) throw batchTooLarge({ most: largestBatch })
    for (const action of calls) {
      const procedure = this.#procedures[action]
      if (procedure === undefined && !batched) throw unknownAction({ action: action.slice(0, 100) })
      const right = procedure?._def.type === 'mutation' ? 'POST' : 'GET'
      if (procedure !== undefined && method !== right) throw methodNotAllowed({ method, allowed: [right] })
    }
    if (method !== 'GET' && method !== 'POST') throw methodNotAllowed({ method, allowed: ['GET', 'POST'] })
    return calls
  }

  async #batch(calls: readonly string[], text: string, context: Context): Promise<readonly Result[]> {
    const inputs = lazily(() => {
      const parsed = parse(text) ?? {}
      if (typeof parsed !== 'object' || Array.isArray(parsed))
        throw malformed('', 'expected an object with the inputs of the batch by position')
      return parsed as Readonly<Record<string, unknown>>
    })
    return Promise.all(calls.map((name, index) => this.#call(name, () => readInput(inputs()[index]), context)))
  }

  async #call(name: string, input: () => unknown, ctx: Context): Promise<Result> {
    try {
      if (this.#procedures[name] === undefined) throw unknownAction({ action: name.slice(0, 100) })
      // The procedures do the same, but through tRPC's middleware chain, which takes 13 µs a call.
      return { status: 200, envelope: `{"result":{"data":${writeOutput(await callNamed(ctx, name, input(), { serialized: true }))}}}` }
    } catch (thrown) {
      return this.#failure(thrown, name, ctx.requestId)
    }
  }

  #failure(thrown: unknown, path: string | undefined, requestId: string): Result {
    const error = toDomainError(thrown, { path, requestId })
    if (error.kind === 'internal' && error !== thrown) this.#report(thrown, path, requestId)
    return { status: httpErrorOf(error).status, envelope: `{"error":${writeOutput(shapeOf(error, path, requestId))}}`, error }
  }

  #report(error: unknown, path: string | undefined, requestId: string): void {
    this.#options.core.ports.logger.error('a request failed unexpectedly', { requestId, path, error })
  }

  #throughFetch(
    { request, names, search, requestId, signal }: EndpointRequest,
    body: string,
    ctx: Context,
    credential: Credential,
  ): Promise<Response> {
    const headers = new Headers()
    for (const name of ['accept', 'trpc-accept', 'content-type', 'last-event-id']) {
      const value = request.headers[name]
      if (typeof value === 'string' && (name !== 'content-type' || request.method === 'POST')) headers.set(name, value)
    }
    const init = { method: request.method ?? 'GET', headers, signal: signal() }
    return fetchRequestHandler({
      endpoint: '/trpc',
      router: this.#options.router,
      req: new Request(`http://localhost/trpc/${names}${search}`, request.method === 'POST' ? { ...init, body } : init),
      createContext: () => ctx,
      maxBatchSize: largestBatch,
      onError: ({ error, path }) => {
        const fault = toDomainError(error, { path, requestId })
        if (fault.kind === 'internal' && fault !== error.cause) this.#report(error, path, requestId)
      },
      responseMeta: ({ errors }) => ({
        headers: new Headers(
          fieldsOf(
            errors.map((error) => toDomainError(error, { path: undefined, requestId })),
            credential,
          ).map(([name, value]) => [name, value]),
        ),
      }),
    })
  }
}

const vary: Fields = [['vary', 'trpc-accept, accept']]

/** Whether the client asks for plain JSON, not for a stream. */
function isPlain({ accept, 'trpc-accept': trpcAccept }: IncomingMessage['headers']): boolean {
  return trpcAccept === undefined && (accept === undefined || !accept.includes('application/jsonl'))
}

/** The input in a query string that has no other parameter (except `batch=1`); null: it has others. */
function directInput(search: string, batched: boolean): string | null {
  const parameters = new URLSearchParams(search)
  const expected = batched ? ['batch', 'input'] : ['input']
  const names = [...parameters.keys()]
  return names.every((name, index) => expected.includes(name) && names.indexOf(name) === index) ? (parameters.get('input') ?? '') : null
}

function parse(text: string): unknown {
  if (text === '') return undefined
  try {
    return JSON.parse(text) as unknown
  } catch (error) {
    throw error instanceof SyntaxError ? malformed('', 'this is not JSON') : error
  }
}

function lazily<T>(make: () => T): () => T {
  let made: { value: T } | undefined
  return () => (made ??= { value: make() }).value
}

function answerOf(results: readonly Result[], batched: boolean, credential: Credential): WholeAnswer {
  const statuses = new Set(results.map(({ status }) => status))
  const [first = 200] = statuses
  const errors = results.flatMap(({ error }) => error ?? [])
  return {
    status: statuses.size === 1 ? first : 207,
    headers: [...vary, ...fieldsOf(errors, credential)],
    contentType: json,
    body: batched ? `[${results.map(({ envelope }) => envelope).join(',')}]` : (results[0]?.envelope ?? ''),
  }
}

/** The answer with the key that came in a header: without it there, the key was lost on the way. */
function withKey({ idempotencyKey: key }: CallHeaders, answer: WholeAnswer): WholeAnswer {
  if (key === undefined || !/^[\x21-\x7e]{1,200}$/.test(key)) return answer
  return { ...answer, headers: [...(answer.headers ?? []), ['idempotency-key', key]] }
}

/** The answer with the cookies that it sets. */
function withCookies(answer: WholeAnswer, cookies: CookieSession | null): WholeAnswer {
  if (cookies === null || cookies.fields.length === 0) return answer
  return { ...answer, headers: [...(answer.headers ?? []), ...cookies.fields] }
}

/** The header fields of all errors, each once. */
function fieldsOf(errors: readonly DenizenError[], credential: Credential): Fields {
  return [...new Map(errors.flatMap((error) => errorHeaders(error, credential)))]
}
