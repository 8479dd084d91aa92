import type { Mail } from '../ports/mailer.ts'

/** Characters that end a header, hide the rest of it or reverse it: control characters, half characters, and the overrides of direction. */
const unfit = /[\p{Cc}\p{Cs}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u
const allUnfit = new RegExp(unfit, 'gu')

/** Text of others as it may stand in a header: one line, and no longer than that. */
export function headerText(text: string, most: number): string {
  const line = text.replaceAll(allUnfit, '\uFFFD')
  const letters = [...line]
  return letters.length > most ? `${letters.slice(0, most - 1).join('')}…` : line
}

/** What a mail program would make a link of: an address with a scheme, `www.`, or a name with a dot in it. */
const webAddress = /(?:[a-z][a-z0-9+.-]*:\/*|\/\/)?[\p{L}\p{N}-]+(?:\.[\p{L}\p{N}-]+)+(?:[/?#:]\S*)?|[a-z][a-z0-9+.-]*:\/\/\S*/giu

/**
 * A name that somebody chose, for the text of a mail to somebody else: in quotes, so that it does not read like Denizen's own words, and
 * without web addresses, which mail programs turn into links: `“evil·example”`.
 */
export function quotedName(name: string): string {
  const plain = name.replaceAll(webAddress, (address) =>
    address
      .replace(/^[a-z][a-z0-9+.-]*:\/*|^\/+/i, '')
      .replace(/[/?#:].*$/, '')
      .replaceAll('.', '·'),
  )
  return `“${headerText(plain, 80)}”`
}

/** Throws a TypeError when address or subject would break out of its header: what every mailer asks before it sends. */
export function checkHeaders({ to, subject }: Mail): void {
  if (unfit.test(to) || unfit.test(subject)) throw new TypeError('The address and the subject of a mail are one line each.')
  if (!/^[^\s@<>,;:"()[\]\\]+@[^\s@<>,;:"()[\]\\]+$/.test(to)) throw new TypeError('A mail goes to one address.')
}
