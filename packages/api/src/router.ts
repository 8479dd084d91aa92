import { signatures, type Signature, type Signatures } from '@denizen/core/contract'
import { expose, exposeModes, router, type Exposed } from './procedures.ts'

/** tRPC reserves the key `apply`, because its clients are proxies of functions. So `access.apply` is at the root under its full name; the path is the same. */
type Reserved = 'apply'

/** Every action of the contract as a procedure. */
export type Procedures = {
  readonly [Namespace in keyof Signatures]: {
    readonly [Verb in Exclude<keyof Signatures[Namespace], Reserved>]: Exposed<Signatures[Namespace][Verb]>
  }
} & { readonly 'access.apply': Exposed<Signatures['access']['apply']> }

function proceduresOf({ access: { apply, ...access }, ...namespaces }: Signatures): Procedures {
  const modes = Object.values(signatures).flatMap((verbs) => Object.values<Signature>(verbs).map(exposeModes))
  const exposed = Object.entries({ access, ...namespaces }).map(([namespace, verbs]) => [
    namespace,
    Object.fromEntries(Object.entries<Signature>(verbs).map(([verb, signature]) => [verb, expose(signature)])),
  ])
  return Object.assign({}, ...modes, Object.fromEntries(exposed), { 'access.apply': expose(apply) }) as Procedures
}

/** Every action as a tRPC procedure of the same name. */
export const appRouter = router(proceduresOf(signatures))

/** What a typed tRPC client needs: `createTRPCClient<AppRouter>(…)`. */
export type AppRouter = typeof appRouter

export type { ErrorData, ErrorShape, Exposed, ProcedureTypes, WireInput } from './procedures.ts'
