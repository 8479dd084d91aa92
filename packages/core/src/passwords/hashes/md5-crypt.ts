import { areEqual, cryptLetters, joined, utf8, type Bytes } from './bytes.ts'
import { digestOf } from './digests.ts'
import type { Scheme } from './scheme.ts'

/** md5-crypt of FreeBSD (`$1$`) and of Apache (`$apr1$`), as crypt(3) writes them. It always makes a thousand rounds. */
const format = /^\$(1|apr1)\$([^$:\s]{0,64})\$([./0-9A-Za-z]{22})$/
const rounds = 1000

export const md5CryptScheme: Scheme = {
  repeatsPassword: true,
  work: (text) => (format.test(text) ? rounds : 'it is no complete hash of md5-crypt'),
  async matches(text, password) {
    const [, variant = '', salt = '', hash = ''] = format.exec(text) ?? []
    return areEqual(utf8(await md5Crypt(variant, utf8(salt).slice(0, 8), utf8(password))), utf8(hash))
  },
}

async function md5Crypt(variant: string, salt: Bytes, password: Bytes): Promise<string> {
  const digest = await digestOf('md5')
  const inner = digest(joined(password, salt, password))
  const parts: Bytes[] = [password, utf8(`$${variant}$`), salt]
  for (let left = password.length; left > 0; left -= 16) parts.push(inner.slice(0, Math.min(left, 16)))
  for (let bits = password.length; bits > 0; bits >>= 1) parts.push((bits & 1) === 1 ? new Uint8Array(1) : password.slice(0, 1))
  let result = digest(joined(...parts))
  for (let round = 0; round < rounds; round++) {
    const isOdd = round % 2 === 1
    result = digest(
      joined(
        isOdd ? password : result,
        round % 3 === 0 ? new Uint8Array() : salt,
        round % 7 === 0 ? new Uint8Array() : password,
        isOdd ? result : password,
      ),
    )
  }
  return encoded(result, [[0, 6, 12], [1, 7, 13], [2, 8, 14], [3, 9, 15], [4, 10, 5], [11]])
}

/** Bytes of a digest in the order that crypt(3) gives them, three by three, in its letters. */
export function encoded(digest: Bytes, order: readonly (readonly number[])[]): string {
  let text = ''
  for (const group of order) {
    let value = group.reduce((sum, at) => (sum << 8) | (digest[at] ?? 0), 0)
    for (let letter = 0; letter <= group.length; letter++) {
      text += cryptLetters[value & 63]
      value >>>= 6
    }
  }
  return text
}
