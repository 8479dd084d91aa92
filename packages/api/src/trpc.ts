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
import { mapped, understood } from './errors.ts'
import { serializeOutput } from './output.ts'
import { readInput } from './wire.ts'

/** What a procedure knows of the request that it came with. */
export interface Context {
  readonly requestId: string
  /** Carries an action out on behalf of whoever sent the request. Rejects with a DenizenError. */
  call(name: string, input: unknown): Promise<unknown>
  /** The same for whoever sends the answer as it is: a query's may be `Written`. */
  callWritten(name: string, input: unknown): Promise<unknown>
}

/** What `error.data` holds in an answer. */
export interface ErrorData {
  readonly code: TRPC_ERROR_CODE_KEY
  readonly httpStatus: number
  readonly path?: string
  readonly requestId: string
  /** The failure in Denizen's own terms; clients make their DenizenError of it. */
  readonly domain: { readonly code: string; readonly kind: ErrorKind; readonly details: Readonly<Record<string, unknown>> }
}

/** An error as it goes over the wire. */
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
    return shapeOf(understood(error, { path, requestId }), path, requestId)
  },
})

/** A failure as it goes over the wire. */
export function shapeOf(error: DenizenError, path: string | undefined, requestId: string): ErrorShape {
  const { trpc, status } = mapped(error)
  const { code, kind, details, message } = error
  return {
    message,
    code: TRPC_ERROR_CODES_BY_KEY[trpc],
    data: { code: trpc, httpStatus: status, ...(path !== undefined && { path }), requestId, domain: { code, kind, details } },
  }
}

export const router = t.router

/** An input that may be left out when none of its fields is needed. */
export type WireInput<S extends Signature> = Record<never, never> extends InputOf<S> ? InputOf<S> | undefined : InputOf<S>

export interface ProcedureTypes<S extends Signature> {
  input: WireInput<S>
  output: OutputOf<S>
  meta: object
  errorShape: ErrorShape
}

/** The procedure of an action: a query travels by GET, a command by POST. */
export type Exposed<S> =
  S extends Signature<string, 'query'>
    ? TRPCQueryProcedure<ProcedureTypes<S>>
    : S extends Signature<string, 'command'>
      ? TRPCMutationProcedure<ProcedureTypes<S>>
      : never

/**
 * Makes the one procedure of an action. It knows the signature only, so that no
 * handler and no ORM is in the types that clients see. The input is not looked
 * at here: parsing it is the pipeline's first step, whatever the face.
 */
export function expose<S extends Signature>({ name, kind }: S): Exposed<S> {
  const procedure = t.procedure.input((input: unknown) => input as WireInput<S>)
  const resolve = ({ ctx, input }: { ctx: Context; input: unknown }) => ctx.call(name, input) as Promise<OutputOf<S>>
  // Which of the two it is depends on S alone; the compiler cannot follow that through `kind`.
  return (kind === 'query' ? procedure.query(resolve) : procedure.mutation(resolve)) as unknown as Exposed<S>
}
