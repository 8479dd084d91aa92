import type { IdentityProvider, Settings } from '../../kernel/settings.ts'

type AllowedOrigins = Pick<Settings, 'publicUrl' | 'allowedOrigins'>

/**
 * The redirect URI for a provider: Denizen's own page, or that of one of the
 * allowed origins, compared exactly. null: not allowed.
 */
export function redirectUriFor(
  { publicUrl, allowedOrigins }: AllowedOrigins,
  { id }: IdentityProvider,
  origin: string | undefined,
): string | null {
  if (origin !== undefined && origin !== publicUrl && !allowedOrigins.includes(origin)) return null
  return `${origin ?? publicUrl}/oauth/callback/${id}`
}

/**
 * The absolute URL to go to afterwards, at this installation or one of
 * the allowed origins. null: not allowed. Browsers read a backslash as a slash and
 * skip line breaks, so neither is allowed.
 */
export function allowedRedirect({ publicUrl, allowedOrigins }: AllowedOrigins, redirectTo: string): string | null {
  if (/[\\\p{C}\s]/u.test(redirectTo) || !URL.canParse(redirectTo, `${publicUrl}/`)) return null
  const url = new URL(redirectTo, `${publicUrl}/`)
  if (url.username !== '' || url.password !== '' || !['http:', 'https:'].includes(url.protocol)) return null
  return url.origin === new URL(publicUrl).origin || allowedOrigins.includes(url.origin) ? url.href : null
}
