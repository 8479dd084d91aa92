import type { Actions } from '../../kernel/action.ts'
import type { factorSignatures } from './signatures.ts'
import { completeSignIn } from './completing.ts'
import { listLoginHistory } from './history.ts'
import { reauthenticate } from './reauthenticating.ts'
import { unlock } from './unlocking.ts'

/** The actions of `auth` for second factors at sign-in, fresh proofs, what an operator does for somebody locked out, and the history. */
export const factorActions: Actions<typeof factorSignatures> = { completeSignIn, listLoginHistory, reauthenticate, unlock }
