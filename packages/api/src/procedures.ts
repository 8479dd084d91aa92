import type { DenizenError, ErrorKind, InputOf, OutputOf, Plan, Signature } from '@denizen/core/contract'
import {
  initTRPC,
  type TRPC_ERROR_CODE_KEY,
  type TRPCDefaultErrorShape,
  type TRPCMutationProcedure,
  type TRPCQueryProcedure,
} from '@trpc/server'
import { TRPC_ERROR_CODES_BY_KEY } from '@trpc/server/rpc'
import superjson from 'superjson'
import { httpErrorOf, malformed, toDomainError } from './errors.ts'
import { serializeOutput } from './wire/output.ts'
import { readInput } from './wire/input.ts'

/** What a procedure knows about its request. */
export interface Context {
  readonly requestId: string
  /** Runs an action on behalf of whoever sent the request. Rejects with a DenizenError. */
  call(name: string, input: unknown, options?: CallOptions): Promise<unknown>
  /** The same with an idempotency key. A method of its own: whoever makes a context cannot forget the key. */
  once(name: string, input: unknown, idempotencyKey: string): Promise<unknown>
  /** The effects that a command would have. */
  plan(name: string, input: unknown): Promise<Plan>
}

export interface CallOptions {
  /** The answer of a query may come serialized already. */
  readonly serialized?: boolean
}

/**
 * What a path asks for besides the call itself. It is said there, and a key in the body, because a header can be lost on the way
 * (a proxy, another adapter), and then the command would be carried out, or carried out twice.
 */
const modes = ['plan', 'once'] as const
type Mode = (typeof modes)[number]

/** The action in a path, and how it is called: `plan.users.create` is the plan of `users.create`. */
export function actionIn(path: string): { readonly action: string; readonly mode: Mode | null } {
  const mode = modes.find((one) => path.startsWith(`${one}.`) && path.indexOf('.', one.length + 1) > 0)
  return mode === undefined ? { action: path, mode: null } : { action: path.slice(mode.length + 1), mode }
}

/** Makes the call that a path asks for. */
export function callNamed(ctx: Context, path: string, input: unknown, options: CallOptions = {}): Promise<unknown> {
  const { action, mode } = actionIn(path)
  switch (mode) {
    case null:
      return ctx.call(action, input, options)
    case 'plan':
      return ctx.plan(action, input)
    case 'once': {
      const keyed = keyedInput(input)
      return ctx.once(action, keyed.input, keyed.idempotencyKey)
    }
  }
}

function keyedInput(given: unknown): { readonly idempotencyKey: string; readonly input?: unknown } {
  if (typeof given === 'object' && given !== null && 'idempotencyKey' in given) {
    const { idempotencyKey, input, ...rest } = given as { idempotencyKey: unknown; input?: unknown }
    if (typeof idempotencyKey === 'string' && Object.keys(rest).length === 0) return { idempotencyKey, input }
  }
  throw malformed('', 'expected { "idempotencyKey": "…", "input": … }')
}

/** `error.data` of an answer. */
export interface ErrorData {
  readonly code: TRPC_ERROR_CODE_KEY
  readonly httpStatus: number
  readonly path?: string
  readonly requestId: string
  /** The error in Denizen's own terms; clients make a DenizenError of it. */
  readonly domain: { readonly code: string; readonly kind: ErrorKind; readonly details: Readonly<Record<string, unknown>> }
}

/** An error as it is sent. */
export interface ErrorShape extends TRPCDefaultErrorShape {
  data: ErrorData
}

const t = initTRPC.context<Context>().create({
  transformer: {
    input: { serialize: superjson.serialize, deserialize: readInput },
    output: { serialize: serializeOutput, deserialize: superjson.deserialize },
  },
  isDev: false,
  errorFormatter: ({ error, ctx, path }): ErrorShape => {
    const requestId = ctx?.requestId ?? ''
    return shapeOf(toDomainError(error, { path, requestId }), path, requestId)
  },
})

/** An error in the shape that is sent. */
export function shapeOf(error: DenizenError, path: string | undefined, requestId: string): ErrorShape {
  const { trpc, status } = httpErrorOf(error)
  const { code, kind, details, message } = error
  return {
    message,
    code: TRPC_ERROR_CODES_BY_KEY[trpc],
    data: { code: trpc, httpStatus: status, ...(path !== undefined && { path }), requestId, domain: { code, kind, details } },
  }
}

export const router = t.router

/** The input as clients give it: it may be left out when none of its fields is required. */
export type WireInput<S extends Signature> = Record<never, never> extends InputOf<S> ? InputOf<S> | undefined : InputOf<S>

export interface ProcedureTypes<S extends Signature> {
  input: WireInput<S>
  output: OutputOf<S>
  meta: object
  errorShape: ErrorShape
}

/** The procedure of an action: queries are sent by GET, commands by POST. */
export type Exposed<S> =
  S extends Signature<string, 'query'>
    ? TRPCQueryProcedure<ProcedureTypes<S>>
    : S extends Signature<string, 'command'>
      ? TRPCMutationProcedure<ProcedureTypes<S>>
      : never

/**
 * Makes the procedure of an action. It knows only the signature, so that no handler and no
 * ORM is in the types that clients see. The input is not parsed here: that is the first
 * step of the pipeline, whatever the face.
 */
export function expose<S extends Signature>({ name, kind }: S): Exposed<S> {
  return exposeAs(name, kind)
}

/** The procedures of a command's plan and of its call with an idempotency key. Types do not show them: the links of the client call them. */
export function exposeModes({ name, kind }: Signature): Readonly<Record<string, unknown>> {
  if (kind !== 'command') return {}
  return Object.fromEntries(modes.map((mode) => [`${mode}.${name}`, exposeAs(`${mode}.${name}`, kind)]))
}

function exposeAs<S extends Signature>(path: string, kind: S['kind']): Exposed<S> {
  const procedure = t.procedure.input((input: unknown) => input as WireInput<S>)
  const resolve = ({ ctx, input }: { ctx: Context; input: unknown }) => callNamed(ctx, path, input) as Promise<OutputOf<S>>
  // The type depends on S alone; the compiler cannot follow that through `kind`.
  return (kind === 'query' ? procedure.query(resolve) : procedure.mutation(resolve)) as unknown as Exposed<S>
}
