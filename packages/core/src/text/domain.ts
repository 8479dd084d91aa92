const longestDomain = 253
const label = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/

/**
 * A domain as DNS has it: of letters, digits and hyphens (RFC 5890), in lower case, other scripts in Punycode by UTS 46, as browsers do
 * it. null: no domain. An IP address is none.
 */
export function asciiDomain(text: string): string | null {
  const host = hostOf(text.trim().replace(/[.。．｡]$/u, ''))
  if (host === null || host.length > longestDomain) return null
  const labels = host.split('.')
  return labels.every((part) => label.test(part)) && !/^\d+$/.test(labels.at(-1) ?? '') ? host : null
}

/** Of the letters that have a meaning in URLs only the full stop can stand in a domain. */
function hostOf(domain: string): string | null {
  if (domain === '' || /[\u0000-\u002c\u002f:-@[-`{-\u007f]/.test(domain)) return null
  try {
    return new URL(`http://${domain}/`).hostname
  } catch {
    return null // no domain: the caller says so
  }
}
