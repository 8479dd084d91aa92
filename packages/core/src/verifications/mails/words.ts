import { deviceOf } from '../../sessions/index.ts'
import { timeInWords } from '../../text/index.ts'
import type { VerificationRow } from '../entity.ts'

/**
 * Who asked, so that the reader can tell whether it was them. From what a request
 * says about itself only known names are used: a stranger who triggers a mail
 * must not choose a word in it.
 */
export function requestedBy({ createdAt, ip, userAgent }: VerificationRow): string {
  const { browser, os } = deviceOf(userAgent)
  const program = [known(browser), known(os)].filter((name) => name !== null).join(' on ')
  const from = [ip === null ? '' : `from the address ${ip}`, program === '' ? '' : `with ${program}`].filter((text) => text !== '')
  return `Requested at ${timeInWords(createdAt)}${from.map((text) => `, ${text}`).join('')}.`
}

function known(name: string | null): string | null {
  return name !== null && /^[A-Za-z][A-Za-z0-9 ]{0,30}( \d[\d.]{0,12})?$/.test(name) ? name : null
}

/** How long the secret works. */
export function validUntil(what: 'link' | 'code', { expiresAt }: VerificationRow): string {
  return `The ${what} works once, until ${timeInWords(expiresAt)}.`
}
