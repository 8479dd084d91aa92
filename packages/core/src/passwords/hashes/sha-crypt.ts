import { areEqual, joined, utf8, type Bytes } from './bytes.ts'
import { digestOf, type Digest } from './digests.ts'
import { encoded } from './md5-crypt.ts'
import { beyond, type Scheme } from './scheme.ts'

/** SHA-crypt (https://www.akkadia.org/drepper/SHA-crypt.txt): `$5$` and `$6$`, as crypt(3) writes them. */
const format = /^\$([56])\$(?:rounds=([1-9]\d{3,8})\$)?([^$:\s]{0,64})\$([./0-9A-Za-z]{43}|[./0-9A-Za-z]{86})$/

/** passlib makes 656 000. */
const mostRounds = 700_000
const usualRounds = 5000

export const shaCryptScheme: Scheme = {
  repeatsPassword: true,
  work(text) {
    const [, variant, rounds = usualRounds, , hash = ''] = format.exec(text) ?? []
    const letters = variant === '5' ? 43 : 86
    if (variant === undefined) return 'it is no complete hash of SHA-crypt, or has fewer than 1000 rounds'
    if (hash.length !== letters) return `the hash has ${hash.length} letters: those of $${variant}$ have ${letters}`
    return Number(rounds) > mostRounds ? beyond(`SHA-crypt with ${rounds} rounds`, mostRounds) : Number(rounds)
  },
  async matches(text, password) {
    const [, variant = '', rounds = usualRounds, salt = '', hash = ''] = format.exec(text) ?? []
    const digest = await digestOf(variant === '5' ? 'sha256' : 'sha512')
    const made = shaCrypt(digest, { password: utf8(password), salt: utf8(salt).slice(0, 16), rounds: Number(rounds) })
    return areEqual(utf8(encoded(made, orderOf(made.length))), utf8(hash))
  },
}

interface ShaCrypt {
  readonly password: Bytes
  readonly salt: Bytes
  readonly rounds: number
}

function shaCrypt(digest: Digest, { password, salt, rounds }: ShaCrypt): Bytes {
  const inner = digest(joined(password, salt, password))
  const parts = [password, salt, repeated(inner, password.length)]
  for (let bits = password.length; bits > 0; bits >>= 1) parts.push((bits & 1) === 1 ? inner : password)
  let result = digest(joined(...parts))
  const [p, s] = [
    repeated(digest(times(password, password.length)), password.length),
    repeated(digest(times(salt, 16 + (result[0] ?? 0))), salt.length),
  ]
  for (let round = 0; round < rounds; round++) {
    const isOdd = round % 2 === 1
    const [salted, twice] = [round % 3 !== 0, round % 7 !== 0]
    result = digest(joined(isOdd ? p : result, ...(salted ? [s] : []), ...(twice ? [p] : []), isOdd ? result : p))
  }
  return result
}

/** Its bytes over and over, until there are so many. */
function repeated(bytes: Bytes, length: number): Bytes {
  return Uint8Array.from({ length }, (_, index) => bytes[index % bytes.length] ?? 0)
}

function times(bytes: Bytes, count: number): Bytes {
  return repeated(bytes, bytes.length * count)
}

/** Three bytes from a third of the digest each; the third that comes first changes with every group. */
function orderOf(length: number): readonly (readonly number[])[] {
  const groups = Math.floor(length / 3)
  const order = Array.from({ length: groups }, (_, index) => {
    const thirds = [index, index + groups, index + 2 * groups]
    const turn = length === 32 ? (3 - (index % 3)) % 3 : index % 3
    return [...thirds.slice(turn), ...thirds.slice(0, turn)]
  })
  return [...order, length === 32 ? [31, 30] : [63]]
}
