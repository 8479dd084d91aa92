/** Second factors at sign-in, fresh proofs, what an operator does for somebody locked out, and the history. */
export const factorActions = {}
