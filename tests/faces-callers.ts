import type { AppRouter } from '@denizen/client'
import { createClient, DenizenError } from '@denizen/client'
import { anonymousActor, userActor } from '@denizen/core'
import type { ActionName, Calls } from '@denizen/core/calls'
import { kinds } from '@denizen/core/calls'
import { createTRPCClient, createTRPCUntypedClient, httpLink, TRPCClientError } from '@trpc/client'
import superjson from 'superjson'
import type { FaceWorld, Prepared } from './faces-examples.ts'
import { denizenToEnd } from './processes.ts'

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

/** The typed client of the same links: that the types of AppRouter are those of the actions is checked by compiling this. */
export function whoAmIByTypes(url: string, token: string): Promise<{ user: { username: string }; session: { expiresAt: Date } }> {
  const headers = { authorization: `Bearer ${token}` }
  return createTRPCClient<AppRouter>({ links: [httpLink({ url: `${url}/trpc`, transformer: superjson, headers })] }).sessions.whoami.query()
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
    const environment = { DENIZEN_URL: url, ...(as === null ? {} : { DENIZEN_TOKEN: as.token }) }
    const { code, stdout, stderr } = await denizenToEnd(['call', name, '--json', '-'], environment, JSON.stringify(input))
    if (code === 0) return { answer: JSON.parse(stdout()) }
    const [, failure] = /^(\{"error":.*\})$/m.exec(stderr()) ?? []
    if (failure === undefined)
      throw new Error(`denizen call ${name} ended with ${code} and said neither answer nor error:\n${stdout()}${stderr()}`)
    const { error } = JSON.parse(failure) as { error: { code: string; message: string; details: unknown } }
    return { error }
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

export const faces: readonly Face[] = [inProcess, trpc, sdk, cli, rest]

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
