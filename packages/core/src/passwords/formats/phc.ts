import { digestLengths } from '../hashes/digests.ts'
import { pbkdf2Hash } from '../hashes/pbkdf2.ts'
import { scryptHash } from '../hashes/scrypt.ts'
import { modularHash } from './modular.ts'
import { base64Bytes, count, digestNamed, refuse, type Reader } from './reading.ts'

/** PHC strings (https://github.com/P-H-C/phc-string-format), and what says by itself what it is. */
export const readPhc: Reader = ({ hash }) => {
  if (hash.startsWith('$scrypt$')) return phcScrypt(hash)
  if (/^\$pbkdf2(?:-\w+)?\$i=/.test(hash)) return phcPbkdf2(hash, digestNamed)
  return modularHash(hash)
}

/** @param logN what `ln` means: its logarithm, or to Kratos N itself */
export function phcScrypt(text: string, logN: (ln: number) => number = (ln) => ln): string {
  const [, ln, r, p, salt = '', hash = ''] =
    /^\$scrypt\$ln=([^,$]*),r=([^,$]*),p=([^,$]*)\$([^$]*)\$([^$]+)$/.exec(text) ?? refuse('it is no complete hash of scrypt')
  const parameters = { logN: logN(count(ln, 'ln')), blockSize: count(r, 'r'), lanes: count(p, 'p') }
  return scryptHash(parameters, base64Bytes(salt, 'the salt'), base64Bytes(hash))
}

/** `l` is the length of the hash, which some write in bits. */
export function phcPbkdf2(text: string, digestOf: (name: string) => string, usual?: { i: number; l: number }): string {
  const [, digest = 'sha1', given = '', salt = '', hash = ''] =
    /^\$pbkdf2(?:-(\w+))?(?:\$(i=[^$]*))?\$([^$]*)\$([^$]+)$/.exec(text) ?? refuse('it is no complete hash of PBKDF2')
  const parameters = new Map(given.split(',').map((part) => [part.split('=')[0], part.split('=')[1]]))
  const bytes = base64Bytes(hash)
  const length = parameters.get('l') ?? usual?.l
  if (length !== undefined && ![bytes.length, bytes.length * 8].includes(count(String(length), 'l')))
    refuse(`the hash has ${bytes.length} bytes, and says ${length}`)
  const iterations = count(parameters.get('i') ?? (usual === undefined ? undefined : String(usual.i)), 'i')
  return pbkdf2Hash(digestOf(digest), iterations, base64Bytes(salt, 'the salt'), bytes)
}

/** passlib: `$pbkdf2-sha256$29000$<salt>$<hash>`, the hash as long as the digest; without a digest it is SHA-1. */
export function passlibPbkdf2(text: string): string {
  const [, name = 'sha1', iterations, salt = '', hash = ''] =
    /^\$pbkdf2(?:-(sha1|sha256|sha512))?\$([^$]*)\$([^$]*)\$([^$]*)$/.exec(text) ?? refuse('it is no complete hash of PBKDF2')
  const [digest, bytes] = [digestNamed(name), base64Bytes(hash)]
  if (bytes.length !== digestLengths[digest]) refuse(`the hash has ${bytes.length} bytes; ${digest} makes ${digestLengths[digest]}`)
  return pbkdf2Hash(digest, count(iterations, 'the number of iterations'), base64Bytes(salt, 'the salt'), bytes)
}
