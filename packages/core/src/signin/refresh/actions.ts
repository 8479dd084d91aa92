import { refresh } from './refresh.ts'

/** Keeping a session alive. */
export const refreshActions = { refresh }
