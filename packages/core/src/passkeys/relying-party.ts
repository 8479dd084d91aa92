import type { Settings } from '../kernel/settings.ts'

/** Whom passkeys are for (WebAuthn: relying party), and the pages they may be used on. */
export interface RelyingParty {
  readonly id: string
  readonly origins: string[]
}

/** Passkeys belong to the host of the public URL. Pages elsewhere may use them where they are allowed, and the browser agrees. */
export function relyingPartyOf({ publicUrl, allowedOrigins }: Settings): RelyingParty {
  const { hostname, origin } = new URL(publicUrl)
  return { id: hostname, origins: [origin, ...allowedOrigins] }
}
