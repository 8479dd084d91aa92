/** Signing in programs without a browser (RFC 8628). */
export const deviceActions = {}
