import type { AppRouter } from '@denizen/client'
import { createClient, DenizenError } from '@denizen/client'
import { anonymousActor, userActor } from '@denizen/core'
import type { ActionName, Calls, CommandOptions } from '@denizen/core/calls'
import { kinds } from '@denizen/core/calls'
import { createTRPCUntypedClient, httpLink, TRPCClientError } from '@trpc/client'
import superjson from 'superjson'
import { runHere } from '../../apps/cli/src/testing/terminal.ts'
import { within } from '../deadlines.ts'
import type { Prepared } from '../examples/index.ts'
import { failureIn, send } from '../requests.ts'
import type { Place } from './place.ts'

/** What a caller got, in the terms that all faces share. */
export type Outcome =
  | { readonly answer: unknown }
  | { readonly error: { readonly code: string; readonly message: string; readonly details: unknown } }

/** A call, and whether it is only to be planned, or carries a key. */
export interface Request extends Prepared, CommandOptions {
  readonly name: ActionName
  readonly plan?: true
}

/** A way to call an action. */
export interface Face {
  readonly name: string
  call(request: Request, place: Place): Promise<Outcome>
}

export const inProcess: Face = {
  name: 'in process',
  call: (request, { database }) => {
    const { as } = request
    return outcomeOf(() => callNamed(database.core.as(as === null ? anonymousActor : userActor(as.principal)), request))
  },
}

export const trpc: Face = {
  name: 'plain tRPC client',
  async call(request, { url }) {
    const { input } = request
    const name = pathOf(request)
    const headers = headersOf(request)
    const client = createTRPCUntypedClient<AppRouter>({ links: [httpLink({ url: `${url}/trpc`, transformer: superjson, headers })] })
    try {
      return { answer: await (kinds[request.name] === 'query' ? client.query(name, input) : client.mutation(name, input)) }
    } catch (error) {
      if (!(error instanceof TRPCClientError)) throw error
      const { domain } = (error as TRPCClientError<AppRouter>).data ?? {}
      if (domain === undefined) throw error
      return { error: { code: domain.code, message: error.message, details: domain.details } }
    }
  },
}

export const rawHttp: Face = {
  name: 'raw HTTP',
  async call(request, { url }) {
    const { name, input } = request
    const headers = headersOf(request)
    const body = JSON.stringify({ json: input })
    const answer = await (kinds[name] === 'query'
      ? send(url, `/trpc/${name}?input=${encodeURIComponent(body)}`, { headers })
      : send(url, `/trpc/${pathOf(request)}`, { method: 'POST', headers: { ...headers, 'content-type': 'application/json' }, body }))
    if (answer.status === 200) return { answer: (JSON.parse(answer.text) as { result: { data: { json: unknown } } }).result.data.json }
    const { code, message, details } = failureIn(answer)
    return { error: { code, message, details } }
  },
}

export const sdk: Face = {
  name: 'SDK',
  call: (request, { url }) => outcomeOf(() => callNamed(createClient({ url, token: request.as?.token ?? null }), request)),
}

/** The exit code of a batch of which some items failed. */
const partlyDone = 6

export const cli: Face = {
  name: 'CLI',
  async call({ name, as, input, plan, idempotencyKey }, { url }) {
    // Without a process of its own: two hundred of them took minutes. What a process does besides is for the tests of the command.
    const environment = { DENIZEN_URL: url, XDG_CONFIG_HOME: '/nonexistent', ...(as === null ? {} : { DENIZEN_TOKEN: as.token }) }
    const options = [
      ...(plan === true ? ['--dry-run'] : []),
      ...(idempotencyKey === undefined ? [] : ['--idempotency-key', idempotencyKey]),
    ]
    const { code, stdout, stderr } = await runHere(['call', name, '--json', '--input', '-', ...options], environment, JSON.stringify(input))
    if (code === 0 || code === partlyDone) return { answer: JSON.parse(stdout) }
    const [, failure] = /^(\{"error":.*\})$/m.exec(stderr) ?? []
    if (failure === undefined)
      throw new Error(`denizen call ${name} ended with ${code} and said neither answer nor error:\n${stdout}${stderr}`)
    const {
      code: errorCode,
      message,
      details,
    } = (JSON.parse(failure) as { error: { code: string; message: string; details: unknown } }).error
    return { error: { code: errorCode, message, details } }
  },
}

/** Of the one action that it has. */
export const rest: Face = {
  name: 'REST',
  async call(request, { url }) {
    const [namespace, verb] = request.name.split('.')
    const response = await within(10_000, `an answer by ${verb}`, fetch(`${url}/${namespace}/${verb}`, { headers: headersOf(request) }))
    const body = (await response.json()) as { code: string; detail: string; details?: unknown }
    return response.ok ? { answer: body } : { error: { code: body.code, message: body.detail, details: body.details ?? {} } }
  },
}

/** A plan has a path of its own. */
function pathOf({ name, plan }: Request): string {
  return plan === true ? `plan.${name}` : name
}

function headersOf({ as, idempotencyKey }: Request): Readonly<Record<string, string>> {
  return {
    ...(as !== null && { authorization: `Bearer ${as.token}` }),
    ...(idempotencyKey !== undefined && { 'idempotency-key': idempotencyKey }),
  }
}

interface UntypedCall {
  (input: unknown, options?: CommandOptions): Promise<unknown>
  plan?(input: unknown): Promise<unknown>
}

async function callNamed(calls: Calls, { name, input, plan, idempotencyKey }: Request): Promise<unknown> {
  const [namespace = '', verb = ''] = name.split('.')
  const tree = calls as unknown as Readonly<Record<string, Readonly<Record<string, UntypedCall>>>>
  const call = tree[namespace]?.[verb]
  if (call === undefined) throw new Error(`this face has no ${name}`)
  if (plan !== true) return call(input, idempotencyKey === undefined ? {} : { idempotencyKey })
  if (call.plan === undefined) throw new Error(`this face has no plan of ${name}`)
  return call.plan(input)
}

async function outcomeOf(call: () => Promise<unknown>): Promise<Outcome> {
  try {
    return { answer: await call() }
  } catch (error) {
    if (!(error instanceof DenizenError)) throw error
    return { error: { code: error.code, message: error.message, details: error.details } }
  }
}
