import type { Settings } from '../kernel/settings.ts'

/** The WebAuthn relying party, and the origins where passkeys may be used. */
export interface RelyingParty {
  readonly id: string
  readonly origins: string[]
}

/** Passkeys belong to the host of the public URL. Allowed origins may use them too, if the browser agrees. */
export function relyingPartyOf({ publicUrl, allowedOrigins }: Settings): RelyingParty {
  const { hostname, origin } = new URL(publicUrl)
  return { id: hostname, origins: [origin, ...allowedOrigins] }
}
