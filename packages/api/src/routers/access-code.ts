import { signatures } from '@denizen/core/contract'
import { expose } from '../trpc.ts'

const { access } = signatures

/** Stands at the root under its whole name: tRPC takes no key `apply`, for it makes proxies of functions. The path is the same. */
export const applyProcedure = expose(access.apply)

export const codeProcedures = {
  diff: expose(access.diff),
  export: expose(access.export),
  plan: expose(access.plan),
  test: expose(access.test),
}
