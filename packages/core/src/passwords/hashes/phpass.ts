import { areEqual, joined, toCryptLetters, toHex, utf8 } from './bytes.ts'
import { digestOf } from './digests.ts'
import { beyond, type Scheme } from './scheme.ts'

/**
 * phpass (https://www.openwall.com/phpass/): MD5 2^c times, and Drupal's variant with SHA-512, of which it keeps 43 letters:
 * `$phpass$c=13$<salt>$<hash>`, `$drupal$c=15$…`. `of=md5`: Drupal 6 had MD5 of the password, and what followed hashed that.
 */
const format = /^\$(?:(phpass)|drupal)\$c=(\d{1,2})(,of=md5)?\$([./0-9A-Za-z]{8,22})\$([./0-9A-Za-z]{22}|[./0-9A-Za-z]{43})$/

/** A second or so. WordPress makes 13, Drupal 16. */
const [leastCost, mostCost] = [7, 18]

export const phpassScheme: Scheme = {
  repeatsPassword: true,
  work(text) {
    const [, phpass, cost = '', , , hash = ''] = format.exec(text) ?? []
    const [name, letters] = phpass === undefined ? ['drupal', 43] : ['phpass', 22]
    if (cost === '') return 'it is no complete hash of phpass'
    if (hash.length !== letters) return `the hash has ${hash.length} letters: those of ${name} have ${letters}`
    if (Number(cost) < leastCost) return `${name} with 2^${cost} rounds: the least is 2^${leastCost}`
    return Number(cost) > mostCost ? beyond(`${name} with 2^${cost} rounds`, `2^${mostCost}`) : 2 ** Number(cost)
  },
  async matches(text, typed) {
    const [, phpass, cost = '', of, salt = '', hash = ''] = format.exec(text) ?? []
    const password = of === undefined ? utf8(typed) : utf8(toHex((await digestOf('md5'))(utf8(typed))))
    const digest = await digestOf(phpass === undefined ? 'sha512' : 'md5')
    let result = digest(joined(utf8(salt.slice(0, 8)), password))
    for (let round = 0; round < 2 ** Number(cost); round++) result = digest(joined(result, password))
    return areEqual(utf8(toCryptLetters(result).slice(0, hash.length)), utf8(hash))
  },
}

interface PhpassParts {
  readonly variant: 'phpass' | 'drupal'
  /** The logarithm of the rounds. */
  readonly cost: number
  readonly ofMd5: boolean
  readonly salt: string
  readonly hash: string
}

export function phpassHash({ variant, cost, ofMd5, salt, hash }: PhpassParts): string {
  return `$${variant}$c=${cost}${ofMd5 ? ',of=md5' : ''}$${salt}$${hash}`
}
