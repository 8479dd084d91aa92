export function isPassword(credential: unknown): boolean {
  const type = typeOf(credential)
  return type === 'password' || (type === null && credential !== null && typeof credential === 'object' && 'value' in credential)
}

/** `password`, `otp`, `webauthn`; null: it says none. */
export function typeOf(credential: unknown): string | null {
  if (credential === null || typeof credential !== 'object' || !('type' in credential)) return null
  return typeof credential.type === 'string' ? credential.type : null
}
