import type { Signatures } from '../contract.ts'
import type { Plan } from '../kernel/plan.ts'
import type { InputOf, OutputOf, Signature } from '../kernel/signature.ts'
import { kinds, type ActionName } from './kinds.ts'
import { pagesOf, type Paged } from './pages.ts'

/** The options of a command's call. */
export interface CommandOptions {
  /** A retry with the same key and input gets the stored answer; the same key with another input is a conflict. */
  readonly idempotencyKey?: string
}

type Arguments<S extends Signature, Options extends readonly unknown[] = []> =
  Record<never, never> extends InputOf<S> ? [input?: InputOf<S>, ...Options] : [input: InputOf<S>, ...Options]

/** The answer. A paged query can also be iterated: all items of all pages, with `for await`. */
type Answer<S extends Signature> =
  OutputOf<S> extends { readonly items: readonly (infer Item)[]; readonly nextCursor: string | null }
    ? Paged<OutputOf<S>, Item>
    : Promise<OutputOf<S>>

export type QueryCall<S extends Signature> = (...args: Arguments<S>) => Answer<S>

export interface CommandCall<S extends Signature> {
  (...args: Arguments<S, [options?: CommandOptions]>): Promise<OutputOf<S>>
  /** The effects that the command would have; nothing is changed. */
  plan(...args: Arguments<S>): Promise<Plan>
}

type CallOf<S> = S extends Signature<string, 'query'> ? QueryCall<S> : S extends Signature<string, 'command'> ? CommandCall<S> : never

/** Every action as a function, with the same type in process, over the network and in the CLI. */
export type Calls = {
  readonly [Namespace in keyof Signatures]: { readonly [Verb in keyof Signatures[Namespace]]: CallOf<Signatures[Namespace][Verb]> }
}

/** How calls are carried out: in process or over the network. */
export interface Transport {
  run(name: ActionName, input: unknown, options: CommandOptions): Promise<unknown>
  plan(name: ActionName, input: unknown): Promise<Plan>
}

/** Makes the calls for a transport from the list of action names. */
export function callsOver(transport: Transport): Calls {
  const tree: Record<string, Record<string, unknown>> = {}
  for (const [name, kind] of Object.entries(kinds) as [ActionName, 'query' | 'command'][]) {
    const [namespace = '', verb = ''] = name.split('.')
    tree[namespace] = { ...tree[namespace], [verb]: kind === 'query' ? queryCall(transport, name) : commandCall(transport, name) }
  }
  return tree as unknown as Calls
}

function queryCall(transport: Transport, name: ActionName) {
  return (input: unknown = {}) =>
    pagesOf((cursor) => transport.run(name, cursor === undefined ? input : { ...(input as object), cursor }, {}))
}

function commandCall(transport: Transport, name: ActionName) {
  const call = (input: unknown = {}, options: CommandOptions = {}) => transport.run(name, input, options)
  return Object.assign(call, { plan: (input: unknown = {}) => transport.plan(name, input) })
}
