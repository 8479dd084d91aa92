import type { DenizenError, ErrorKind, InputOf, OutputOf, Signature } from '@denizen/core/contract'
import {
  initTRPC,
  type TRPC_ERROR_CODE_KEY,
  type TRPCDefaultErrorShape,
  type TRPCMutationProcedure,
  type TRPCQueryProcedure,
} from '@trpc/server'
import { TRPC_ERROR_CODES_BY_KEY } from '@trpc/server/rpc'
import superjson from 'superjson'
import { httpErrorOf, toDomainError } from './errors.ts'
import { serializeOutput } from './output.ts'
import { readInput } from './wire.ts'

/** What a procedure knows about its request. */
export interface Context {
  readonly requestId: string
  /** Runs an action on behalf of whoever sent the request. Rejects with a DenizenError. */
  call(name: string, input: unknown): Promise<unknown>
  /** The same; the answer of a query may come serialized already. */
  callSerialized(name: string, input: unknown): Promise<unknown>
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
  const procedure = t.procedure.input((input: unknown) => input as WireInput<S>)
  const resolve = ({ ctx, input }: { ctx: Context; input: unknown }) => ctx.call(name, input) as Promise<OutputOf<S>>
  // The type depends on S alone; the compiler cannot follow that through `kind`.
  return (kind === 'query' ? procedure.query(resolve) : procedure.mutation(resolve)) as unknown as Exposed<S>
}
