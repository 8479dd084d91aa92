import { bcryptHash } from '../hashes/bcrypt.ts'
import { pbkdf2Hash } from '../hashes/pbkdf2.ts'
import { firebaseHash } from '../hashes/scrypt.ts'
import { utf8 } from '../hashes/bytes.ts'
import { digestHash } from '../hashes/digest.ts'
import { readLdap } from './ldap.ts'
import { bcrypt, modularHash } from './modular.ts'
import { djangoPbkdf2, readDjango, readWerkzeug, saltedHex } from './python.ts'
import {
  base64Bytes,
  count,
  countParameter,
  digestBytes,
  digestNamed,
  hexBytes,
  optionalText,
  refuse,
  textParameter,
  type ForeignHash,
  type Reader,
} from './reading.ts'

/** `passwordHash` of `auth:export`, with the `salt` of the user and the parameters of the project, as the console names them. */
export const readFirebase: Reader = (foreign) =>
  firebaseHash(
    { logN: countParameter(foreign, 'mem_cost'), blockSize: countParameter(foreign, 'rounds'), lanes: 1 },
    {
      salt: base64Bytes(textParameter(foreign, 'salt'), 'the salt'),
      separator: base64Bytes(textParameter(foreign, 'base64_salt_separator'), 'the separator'),
      key: base64Bytes(textParameter(foreign, 'base64_signer_key'), 'the key'),
      hash: base64Bytes(foreign.hash),
    },
  )

/** `encrypted_password` of `auth.users`. */
export const readSupabase: Reader = ({ hash: text }) => {
  if (!text.startsWith('$fbscrypt$')) return modularHash(text)
  const [, n, r, p, separator = '', key = '', salt = '', hash = ''] =
    /^\$fbscrypt\$v=1,n=([^,$]*),r=([^,$]*),p=([^,$]*),ss=([^,$]*),sk=([^,$]*)\$([^$]+)\$([^$]+)$/.exec(text) ??
    refuse('it is no complete hash of the kind fbscrypt')
  return firebaseHash(
    { logN: count(n, 'n'), blockSize: count(r, 'r'), lanes: count(p, 'p') },
    { salt: base64Bytes(salt), separator: base64Bytes(separator), key: base64Bytes(key), hash: base64Bytes(hash) },
  )
}

/** `$f_scrypt$<hash>$<salt>$m=14$r=8$s=<separator>` needs the key of the Firebase project besides. */
export const readSuperTokens: Reader = (foreign) => {
  if (!foreign.hash.startsWith('$f_scrypt$')) return modularHash(foreign.hash)
  const [, hash = '', salt = '', memory, rounds, separator = ''] =
    /^\$f_scrypt\$([^$]+)\$([^$]+)\$m=([^$]*)\$r=([^$]*)\$s=([^$]*)$/.exec(foreign.hash) ??
    refuse('it is no complete hash of the kind f_scrypt')
  const key = base64Bytes(textParameter(foreign, 'base64_signer_key'), 'the key')
  return firebaseHash(
    { logN: count(memory, 'm'), blockSize: count(rounds, 'r'), lanes: 1 },
    { salt: base64Bytes(salt), separator: base64Bytes(separator), key, hash: base64Bytes(hash) },
  )
}

/** `password_digest`, in the form that `password_hasher` names. */
export const readClerk: Reader = (foreign) => {
  const { hash, parameters } = foreign
  const hasher = textParameter(foreign, 'password_hasher')
  const [first = '', ...rest] = hash.split('$')
  if (/^(?:bcrypt|argon2id?|argon2|phpass)$/.test(hasher)) return modularHash(hash)
  if (hasher === 'bcrypt_sha256_django') return readDjango({ hash, parameters })
  if (hasher === 'bcrypt_peppered') return bcrypt(hash, undefined, utf8(textParameter(foreign, 'pepper')))
  if (/^pbkdf2_sha(?:1|256|512)(?:_django|_hex)?$/.test(hasher)) return clerkPbkdf2(hasher, rest)
  if (hasher === 'scrypt_werkzeug') return readWerkzeug({ hash, parameters })
  if (hasher === 'scrypt_firebase') return clerkFirebase(hash)
  if (/^(?:md5|sha256)$/.test(hasher)) return saltedHex(hasher, '{PASSWORD}', '', hash)
  if (/^(?:md5|sha256)_salted$/.test(hasher) && rest.length === 1)
    return saltedHex(hasher.replace('_salted', ''), '{PASSWORD}{SALT}', rest[0] ?? '', first)
  if (hasher === 'ldap_ssha') return readLdap({ hash, parameters })
  return refuse(`the hasher ${hasher.slice(0, 40)} is not supported`)
}

/** Django's has its salt as text, the others in base64; SHA-1 has text too, and its hash in hexadecimal. */
function clerkPbkdf2(hasher: string, parts: readonly string[]): string {
  const [, name = '', variant = ''] = /^pbkdf2_(sha\d+)_?(\w*)$/.exec(hasher) ?? []
  if (parts.length !== 3) refuse('it is no complete hash of PBKDF2')
  if (variant === 'django') return djangoPbkdf2(`pbkdf2_${name}`, parts)
  const [iterations, salt = '', hash = ''] = parts
  const digest = digestNamed(name)
  const isHex = variant === 'hex' || name === 'sha1'
  const bytes = digestBytes(digest, isHex ? hexBytes(hash) : base64Bytes(hash))
  return pbkdf2Hash(digest, count(iterations, 'the number of iterations'), isHex ? utf8(salt) : base64Bytes(salt, 'the salt'), bytes)
}

function clerkFirebase(text: string): string {
  const [hash = '', salt = '', key = '', separator = '', rounds, memory] = text.split('$')
  return readFirebase({
    hash,
    parameters: {
      salt,
      base64_signer_key: key,
      base64_salt_separator: separator,
      rounds: count(rounds, 'rounds'),
      mem_cost: count(memory, 'memory'),
    },
  })
}

/** `password`, `salt`, `factor` and `encryptionScheme` of a user. */
export const readFusionAuth: Reader = (foreign) => {
  const [scheme, salt] = [textParameter(foreign, 'encryptionScheme'), textParameter(foreign, 'salt')]
  const factor = countParameter(foreign, 'factor')
  if (scheme === 'bcrypt') return splitBcrypt(salt, foreign.hash, factor)
  const [, name, bits] =
    /^salted-pbkdf2-hmac-(sha256|sha512)(?:-(512))?$/.exec(scheme) ?? refuse(`the scheme ${scheme.slice(0, 40)} is not supported`)
  const hash = base64Bytes(foreign.hash)
  const length = bits === '512' ? 64 : 32
  if (hash.length !== length) refuse(`the hash has ${hash.length} bytes, not ${length}`)
  return pbkdf2Hash(digestNamed(name ?? ''), factor, base64Bytes(salt, 'the salt'), hash)
}

function splitBcrypt(salt: string, hash: string, cost: number): string {
  if (!/^[./A-Za-z0-9]{22}$/.test(salt) || !/^[./A-Za-z0-9]{31}$/.test(hash)) refuse('it is no complete bcrypt hash')
  return bcryptHash({ version: '2b', cost, salt, hash })
}

/** `credentials.password.hash` of a user: https://developer.okta.com/docs/reference/api/users/#hashed-password-object */
export const readOkta: Reader = (foreign) => {
  const algorithm = textParameter(foreign, 'algorithm')
  if (algorithm === 'BCRYPT') return splitBcrypt(textParameter(foreign, 'salt'), foreign.hash, countParameter(foreign, 'workFactor'))
  const hash = base64Bytes(foreign.hash)
  if (algorithm === 'PBKDF2') return oktaPbkdf2(foreign, hash)
  const digest = digestNamed(algorithm)
  const order = optionalText(foreign, 'saltOrder', 'NONE')
  const template = { PREFIX: '{SALT}{PASSWORD}', POSTFIX: '{PASSWORD}{SALT}', NONE: '{PASSWORD}' }[order] ?? refuse('saltOrder is unknown')
  const salt = order === 'NONE' ? new Uint8Array() : base64Bytes(textParameter(foreign, 'salt'), 'the salt')
  return digestHash({ digest, template, salt, hash: digestBytes(digest, hash) })
}

function oktaPbkdf2(foreign: ForeignHash, hash: Uint8Array): string {
  if (hash.length !== countParameter(foreign, 'keySize')) refuse(`the hash has ${hash.length} bytes, which is not keySize`)
  const digest = digestNamed(textParameter(foreign, 'digestAlgorithm').replace(/_?HMAC/i, ''))
  return pbkdf2Hash(digest, countParameter(foreign, 'iterationCount'), base64Bytes(textParameter(foreign, 'salt'), 'the salt'), hash)
}
