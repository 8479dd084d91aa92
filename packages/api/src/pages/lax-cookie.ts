import type { Core } from '@denizen/core'

/** How cookies of pages are named and set that browsers have to send when somebody comes back by a link. */
interface LaxCookie {
  readonly prefix: string
  readonly attributes: string
}

/**
 * SameSite=Lax: browsers send them with a link by which a mail or a provider sends people here, and not with the form of another site.
 * `__Host-` keeps other hosts of the domain from setting one; it takes TLS.
 */
export function laxCookie({ publicUrl }: Core['settings']): LaxCookie {
  const isPlain = new URL(publicUrl).protocol === 'http:'
  return { prefix: isPlain ? '' : '__Host-', attributes: `Path=/; HttpOnly; SameSite=Lax${isPlain ? '' : '; Secure'}` }
}
