import { signatures } from '@denizen/core/contract'
import { expose } from '../trpc.ts'

/** The procedures of `auth` for keeping a session alive. */
export const refreshProcedures = { refresh: expose(signatures.auth.refresh) }
