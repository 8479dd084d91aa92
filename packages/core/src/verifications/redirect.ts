import type { Settings } from '../kernel/settings.ts'
import { redirectNotAllowed } from './errors.ts'

/**
 * Where a caller may have people sent: the very text has to begin with an origin
 * that is allowed, written as browsers write it, so that nothing is left to how
 * somebody else reads it (`//evil`, `https://good@evil`, backslashes, other spellings
 * of a host). Without a fragment: that is where the secret goes. Throws `auth.redirectNotAllowed`.
 */
export function checkedRedirect(settings: Pick<Settings, 'publicUrl' | 'allowedOrigins'>, text: string | undefined): string | null {
  if (text === undefined) return null
  const origins = [...new Set([new URL(settings.publicUrl).origin, ...settings.allowedOrigins])]
  const origin = origins.find((allowed) => text === allowed || text.startsWith(`${allowed}/`) || text.startsWith(`${allowed}?`))
  if (origin === undefined || !printableAscii.test(text) || text.includes('#')) throw redirectNotAllowed({ origins })
  const url = URL.canParse(text) ? new URL(text) : null
  if (url?.origin !== origin || !/^https?:$/.test(url.protocol)) throw redirectNotAllowed({ origins })
  return url.href
}

/** Browsers read a backslash as a slash, and leave out line breaks and tabs. */
const printableAscii = /^[!-[\]-~]+$/
