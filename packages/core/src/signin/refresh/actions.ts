import type { Actions } from '../../kernel/action.ts'
import type { refreshSignatures } from './signatures.ts'
import { refresh } from './refresh.ts'

/** Keeping a session alive. */
export const refreshActions: Actions<typeof refreshSignatures> = { refresh }
