import { digestHash, hmacHash } from '../hashes/digest.ts'
import { firebaseHash } from '../hashes/scrypt.ts'
import { readLdap } from './ldap.ts'
import { modularHash } from './modular.ts'
import { phcPbkdf2, phcScrypt } from './phc.ts'
import { base64Bytes, count, digestBytes, digestNamed, hexBytes, logarithm, refuse, type Reader } from './reading.ts'

const decoder = new TextDecoder()

/** `credentials.password.config.hashed_password` of an identity (https://www.ory.com/docs/kratos/manage-identities/import-user-accounts-identities). */
export const readKratos: Reader = ({ hash, parameters }) => {
  if (hash.startsWith('$scrypt$')) return phcScrypt(hash, logarithm)
  if (hash.startsWith('$pbkdf2-')) return phcPbkdf2(hash, pbkdf2Digest)
  if (hash.startsWith('$firescrypt$')) return firescrypt(hash)
  if (/^\$(?:md5|sha256|sha512)-crypt\$/.test(hash))
    return modularHash(hash.replace(/^\$(\w+)-crypt/, (_, name: string) => `$${{ md5: 1, sha256: 5 }[name] ?? 6}`))
  if (/^\$(?:md5|sha1|sha256|sha512)\$/.test(hash)) return patterned(hash)
  if (hash.startsWith('$hmac-')) return hmac(hash)
  if (/^\{SSHA/i.test(hash)) return readLdap({ hash, parameters })
  return modularHash(hash)
}

/** What Kratos calls `sha224` and `sha384` are digests of SHA-3. */
function pbkdf2Digest(name: string): string {
  return name === 'sha224' ? 'sha3-224' : name === 'sha384' ? 'sha3-384' : digestNamed(name)
}

function firescrypt(text: string): string {
  const [, ln, r, p, salt = '', hash = '', separator = '', key = ''] =
    /^\$firescrypt\$ln=([^,$]*),r=([^,$]*),p=([^,$]*)\$([^$]+)\$([^$]+)\$([^$]*)\$([^$]+)$/.exec(text) ??
    refuse('it is no complete hash of the kind firescrypt')
  return firebaseHash(
    { logN: count(ln, 'ln'), blockSize: count(r, 'r'), lanes: count(p, 'p') },
    { salt: base64Bytes(salt), separator: base64Bytes(separator), key: base64Bytes(key), hash: base64Bytes(hash) },
  )
}

/** `pf` is base64 of a text around `{SALT}` and `{PASSWORD}`; without it, it is the password alone. */
function patterned(text: string): string {
  const [, name = '', pattern, salt = '', hash = ''] =
    /^\$(md5|sha1|sha256|sha512)\$(?:pf=([^$]+)\$([^$]*)\$)?([^$]+)$/.exec(text) ?? refuse('it is no complete hash')
  const digest = digestNamed(name)
  const template = pattern === undefined ? '{PASSWORD}' : decoder.decode(base64Bytes(pattern, 'pf'))
  return digestHash({ digest, template, salt: base64Bytes(salt, 'the salt'), hash: digestBytes(digest, base64Bytes(hash)) })
}

/** Base64 of the digest in hexadecimal, and of the key. */
function hmac(text: string): string {
  const [, name = '', hash = '', key = ''] = /^\$hmac-([a-z0-9]+)\$([^$]+)\$([^$]+)$/.exec(text) ?? refuse('it is no complete HMAC')
  const digest = digestNamed(name)
  const bytes = hexBytes(decoder.decode(base64Bytes(hash)))
  return hmacHash({ digest, template: '{PASSWORD}', salt: base64Bytes(key, 'the key'), hash: digestBytes(digest, bytes) })
}
