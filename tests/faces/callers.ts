import type { AppRouter } from '@denizen/client'
import { createClient, DenizenError } from '@denizen/client'
import { anonymousActor, userActor } from '@denizen/core'
import type { ActionName, Calls } from '@denizen/core/calls'
import { kinds } from '@denizen/core/calls'
import { createTRPCUntypedClient, httpLink, TRPCClientError } from '@trpc/client'
import superjson from 'superjson'
import type { FaceWorld, Prepared } from '../examples/index.ts'
import { runHere } from '../../apps/cli/src/testing/terminal.ts'
import { failureIn, send } from '../requests.ts'

/** What a caller got, in the terms that all faces share. */
export type Outcome =
  | { readonly answer: unknown }
  | { readonly error: { readonly code: string; readonly message: string; readonly details: unknown } }

/** A way to call an action. `url` is of a server in the same world. */
export interface Face {
  readonly name: string
  /** null: this face has every action. */
  readonly only: readonly ActionName[] | null
  call(name: ActionName, prepared: Prepared, place: { world: FaceWorld; url: string }): Promise<Outcome>
}

const inProcess: Face = {
  name: 'in process',
  only: null,
  call: (name, { as, input }, { world }) =>
    outcomeOf(() => callNamed(world.database.core.as(as === null ? anonymousActor : userActor(as.principal)), name, input)),
}

const trpc: Face = {
  name: 'plain tRPC client',
  only: null,
  async call(name, { as, input }, { url }) {
    const headers = as === null ? {} : { authorization: `Bearer ${as.token}` }
    const client = createTRPCUntypedClient<AppRouter>({ links: [httpLink({ url: `${url}/trpc`, transformer: superjson, headers })] })
    try {
      return { answer: await (kinds[name] === 'query' ? client.query(name, input) : client.mutation(name, input)) }
    } catch (error) {
      if (!(error instanceof TRPCClientError)) throw error
      const { domain } = (error as TRPCClientError<AppRouter>).data ?? {}
      if (domain === undefined) throw error
      return { error: { code: domain.code, message: error.message, details: domain.details } }
    }
  },
}

const rawHttp: Face = {
  name: 'raw HTTP',
  only: null,
  async call(name, { as, input }, { url }) {
    const authorization = as === null ? {} : { authorization: `Bearer ${as.token}` }
    const body = JSON.stringify({ json: input })
    const answer = await (kinds[name] === 'query'
      ? send(url, `/trpc/${name}?input=${encodeURIComponent(body)}`, { headers: authorization })
      : send(url, `/trpc/${name}`, { method: 'POST', headers: { ...authorization, 'content-type': 'application/json' }, body }))
    if (answer.status === 200) return { answer: (JSON.parse(answer.text) as { result: { data: { json: unknown } } }).result.data.json }
    const { code, message, details } = failureIn(answer)
    return { error: { code, message, details } }
  },
}

const sdk: Face = {
  name: 'SDK',
  only: null,
  call: (name, { as, input }, { url }) => outcomeOf(() => callNamed(createClient({ url, token: as?.token ?? null }), name, input)),
}

const cli: Face = {
  name: 'CLI',
  only: null,
  async call(name, { as, input }, { url }) {
    // Without a process of its own: two hundred of them took minutes. What a process does besides is for the tests of the command.
    const environment = { DENIZEN_URL: url, XDG_CONFIG_HOME: '/nonexistent', ...(as === null ? {} : { DENIZEN_TOKEN: as.token }) }
    const { code, stdout, stderr } = await runHere(['call', name, '--json', '-'], environment, JSON.stringify(input))
    if (code === 0) return { answer: JSON.parse(stdout) }
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

const rest: Face = {
  name: 'REST',
  only: ['users.current'],
  async call(name, { as }, { url }) {
    const [namespace, verb] = name.split('.')
    const headers = as === null ? {} : { authorization: `Bearer ${as.token}` }
    const response = await fetch(`${url}/${namespace}/${verb}`, { headers, signal: AbortSignal.timeout(10_000) })
    const body = (await response.json()) as { code: string; detail: string; details?: unknown }
    return response.ok ? { answer: body } : { error: { code: body.code, message: body.detail, details: body.details ?? {} } }
  },
}

/** The first is what the others are compared with. */
export const faces: readonly [Face, ...Face[]] = [inProcess, trpc, rawHttp, sdk, cli, rest]

function callNamed(calls: Calls, name: ActionName, input: unknown): Promise<unknown> {
  const [namespace = '', verb = ''] = name.split('.')
  const tree = calls as unknown as Readonly<Record<string, Readonly<Record<string, (input: unknown) => Promise<unknown>>>>>
  const call = tree[namespace]?.[verb]
  if (call === undefined) throw new Error(`this face has no ${name}`)
  return call(input)
}

async function outcomeOf(call: () => Promise<unknown>): Promise<Outcome> {
  try {
    return { answer: await call() }
  } catch (error) {
    if (!(error instanceof DenizenError)) throw error
    return { error: { code: error.code, message: error.message, details: error.details } }
  }
}
