import { z } from 'zod'
import { asciiDomain } from './domain.ts'

/** RFC 5321, 4.5.3.1.1. */
const longestLocalPart = 64

/**
 * The one spelling of an email address: in lower case, its domain in Punycode. null: no address, by the pattern of HTML's
 * `input type=email` (https://html.spec.whatwg.org/multipage/input.html#valid-e-mail-address).
 * The part before the "@" is compared in ASCII before it is put into lower case, which turns other letters (the Kelvin sign) into ASCII.
 */
export function emailForm(text: string): string | null {
  const trimmed = text.trim()
  const at = trimmed.lastIndexOf('@')
  const domain = at < 1 || at > longestLocalPart ? null : asciiDomain(trimmed.slice(at + 1))
  const address = `${trimmed.slice(0, at)}@${domain}`
  return domain !== null && z.regexes.html5Email.test(address) ? address.toLowerCase() : null
}
