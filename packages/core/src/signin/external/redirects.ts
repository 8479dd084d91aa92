import type { IdentityProvider, Settings } from '../../kernel/settings.ts'

type Places = Pick<Settings, 'publicUrl' | 'allowedOrigins'>

/**
 * Where a provider sends people back to: Denizen's own page, or that of one of the
 * allowed origins, whole and letter by letter. null: anywhere else.
 */
export function redirectUriFor({ publicUrl, allowedOrigins }: Places, { id }: IdentityProvider, origin: string | undefined): string | null {
  if (origin !== undefined && origin !== publicUrl && !allowedOrigins.includes(origin)) return null
  return `${origin ?? publicUrl}/oauth/callback/${id}`
}

/**
 * Where people go afterwards, as a whole address: at this installation or at one of
 * the allowed origins. null: anywhere else. Browsers read a backslash as a slash and
 * skip line breaks, so that neither may be in it.
 */
export function destination({ publicUrl, allowedOrigins }: Places, redirectTo: string): string | null {
  if (/[\\\p{C}\s]/u.test(redirectTo) || !URL.canParse(redirectTo, `${publicUrl}/`)) return null
  const url = new URL(redirectTo, `${publicUrl}/`)
  if (url.username !== '' || url.password !== '' || !['http:', 'https:'].includes(url.protocol)) return null
  return url.origin === new URL(publicUrl).origin || allowedOrigins.includes(url.origin) ? url.href : null
}
