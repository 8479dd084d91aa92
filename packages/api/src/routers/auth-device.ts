/** The procedures of `auth` for signing in programs without a browser (RFC 8628). */
export const deviceProcedures = {}
