import { digestHash, hmacHash } from '../hashes/digest.ts'
import { bcryptHash } from '../hashes/bcrypt.ts'
import { utf8 } from '../hashes/bytes.ts'
import { pbkdf2Hash } from '../hashes/pbkdf2.ts'
import { scryptHash } from '../hashes/scrypt.ts'
import { readLdap } from './ldap.ts'
import { bcrypt, modularHash } from './modular.ts'
import { passlibPbkdf2, phcScrypt } from './phc.ts'
import { base64Bytes, count, digestBytes, digestNamed, hexBytes, logarithm, refuse, unknownKind, type Reader } from './reading.ts'

/** https://docs.djangoproject.com/en/stable/topics/auth/passwords/: the salt is text. */
export const readDjango: Reader = ({ hash }) => {
  const [algorithm = '', ...rest] = hash.split('$')
  const [first = '', second = '', third = ''] = rest
  if (/^pbkdf2_sha(?:1|256)$/.test(algorithm) && rest.length === 3) return djangoPbkdf2(algorithm, rest)
  if (algorithm === 'scrypt' && rest.length === 5) return djangoScrypt(rest)
  if (algorithm === 'argon2') return modularHash(hash.slice('argon2'.length))
  if (algorithm === 'bcrypt') return bcrypt(hash.slice('bcrypt$'.length))
  if (algorithm === 'bcrypt_sha256') return bcrypt(hash.slice('bcrypt_sha256$'.length), 'sha256-hex')
  if (/^(?:md5|sha1)$/.test(algorithm) && rest.length === 2) return saltedHex(algorithm, '{SALT}{PASSWORD}', first, second)
  if (/^[0-9a-f]{32}$/.test(hash)) return saltedHex('md5', '{PASSWORD}', '', hash)
  return third === '' && rest.length < 2 ? refuse('it is no hash of Django') : unknownKind(hash)
}

/** As Django and others write it: the salt is text, the hash base64 and as long as the digest. */
export function djangoPbkdf2(algorithm: string, [iterations, salt = '', hash = '']: readonly string[]): string {
  const digest = digestNamed(algorithm.replace('pbkdf2_', ''))
  return pbkdf2Hash(digest, count(iterations, 'the number of iterations'), utf8(salt), digestBytes(digest, base64Bytes(hash)))
}

function djangoScrypt([n, salt = '', blockSize, lanes, hash = '']: readonly string[]): string {
  const parameters = { logN: logarithm(count(n, 'N')), blockSize: count(blockSize, 'r'), lanes: count(lanes, 'p') }
  return scryptHash(parameters, utf8(salt), longKey(base64Bytes(hash)))
}

/** Django and Werkzeug derive 64 bytes. */
function longKey<Key extends Uint8Array>(key: Key): Key {
  return key.length === 64 ? key : refuse(`the hash has ${key.length} bytes, not 64`)
}

/** A digest in hexadecimal of text around a password and a salt that is text. */
export function saltedHex(name: string, template: string, salt: string, hash: string): string {
  const digest = digestNamed(name)
  return digestHash({ digest, template, salt: utf8(salt), hash: digestBytes(digest, hexBytes(hash)) })
}

/** https://werkzeug.palletsprojects.com/en/stable/utils/#module-werkzeug.security: salt as text, hash in hexadecimal. */
export const readWerkzeug: Reader = ({ hash: text }) => {
  const [method = '', salt = '', hash = '', ...more] = text.split('$')
  if (more.length > 0 || hash === '') return refuse('it is no hash of Werkzeug')
  const [name, ...parameters] = method.split(':')
  if (name === 'pbkdf2' && parameters.length === 2) {
    const digest = digestNamed(parameters[0] ?? '')
    return pbkdf2Hash(digest, count(parameters[1], 'the number of iterations'), utf8(salt), digestBytes(digest, hexBytes(hash)))
  }
  if (name === 'scrypt' && parameters.length === 3) {
    const [n, blockSize, lanes] = parameters
    const cost = { logN: logarithm(count(n, 'N')), blockSize: count(blockSize, 'r'), lanes: count(lanes, 'p') }
    return scryptHash(cost, utf8(salt), longKey(hexBytes(hash)))
  }
  if (!/^(?:md5|sha\d+)$/.test(method)) return unknownKind(text)
  // Before version 2.3: keyed with the salt.
  const digest = digestNamed(method)
  return hmacHash({ digest, template: '{PASSWORD}', salt: utf8(salt), hash: digestBytes(digest, hexBytes(hash)) })
}

/** https://passlib.readthedocs.io/en/stable/lib/passlib.hash.html */
export const readPasslib: Reader = ({ hash, parameters }) => {
  if (hash.startsWith('$pbkdf2')) return passlibPbkdf2(hash)
  if (hash.startsWith('$scrypt$')) return phcScrypt(hash)
  if (hash.startsWith('$bcrypt-sha256$')) return passlibBcrypt(hash)
  if (hash.startsWith('{')) return readLdap({ hash, parameters })
  return modularHash(hash)
}

/** `$bcrypt-sha256$v=2,t=2b,r=12$<salt>$<hash>`, or of version 1 `$bcrypt-sha256$2a,12$…`. */
function passlibBcrypt(text: string): string {
  const [, newer, older, cost, salt = '', hash = ''] =
    /^\$bcrypt-sha256\$(?:v=2,t=(2[aby]),r=|(2[aby]),)(\d{1,2})\$([./A-Za-z0-9]{22})\$([./A-Za-z0-9]{31})$/.exec(text) ??
    refuse('it is no complete hash of the kind bcrypt-sha256')
  const transform = newer === undefined ? 'sha256-base64' : 'hmac-sha256-base64'
  return bcryptHash({ version: newer ?? older ?? '', cost: Number(cost), salt, hash }, transform)
}
