import { isObject } from '../../kernel/json.ts'
import { utf8, type Bytes } from '../hashes/bytes.ts'
import { digestHash, hmacHash } from '../hashes/digest.ts'
import { scryptHash } from '../hashes/scrypt.ts'
import { readLdap } from './ldap.ts'
import { modularHash } from './modular.ts'
import { phcPbkdf2 } from './phc.ts'
import {
  base64Bytes,
  countParameter,
  digestBytes,
  digestNamed,
  hexBytes,
  logarithm,
  optionalText,
  refuse,
  textParameter,
  type ForeignHash,
  type Reader,
} from './reading.ts'

/**
 * `password_hash` of an export, or with the parameters of `custom_password_hash` its `hash.value`
 * (https://auth0.com/docs/manage-users/user-migration/bulk-user-import-database-schema-and-examples).
 */
export const readAuth0: Reader = (foreign) => {
  const { hash, parameters } = foreign
  const algorithm = optionalText(foreign, 'algorithm', 'bcrypt')
  switch (algorithm) {
    case 'bcrypt':
    case 'argon2':
      return modularHash(hash)
    case 'pbkdf2':
      return phcPbkdf2(hash, digestNamed, { i: 100_000, l: 64 })
    case 'ldap':
      return readLdap({ hash, parameters })
    case 'scrypt':
      return auth0Scrypt(foreign)
    case 'hmac': {
      const described = part(foreign, 'hash')
      const [digest, key] = [digestNamed(textParameter(described, 'digest')), valueIn(part(described, 'key'))]
      return hmacHash({ digest, template: templateOf(foreign), salt: key, hash: digestBytes(digest, hashIn(foreign)) })
    }
    default: {
      const digest = digestNamed(algorithm)
      const salt = foreign.parameters['salt'] === undefined ? new Uint8Array() : valueIn(part(foreign, 'salt'))
      return digestHash({ digest, template: templateOf(foreign), salt, hash: digestBytes(digest, hashIn(foreign)) })
    }
  }
}

function auth0Scrypt(foreign: ForeignHash): string {
  const hash = hashIn(foreign)
  const length = countParameter(foreign, 'keylen', hash.length)
  if (hash.length !== length) refuse(`the hash has ${hash.length} bytes, and keylen is ${length}`)
  const [n, blockSize] = [countParameter(foreign, 'cost', 16_384), countParameter(foreign, 'blockSize', 8)]
  const parameters = { logN: logarithm(n), blockSize, lanes: countParameter(foreign, 'parallelization', 1) }
  return scryptHash(parameters, valueIn(part(foreign, 'salt')), hash)
}

/** Salt before or behind, and the encoding in which the password was hashed. */
function templateOf(foreign: ForeignHash): string {
  const encoding = optionalText(part(foreign, 'password'), 'encoding', 'utf8')
  const password =
    encoding === 'utf8' || encoding === 'ascii'
      ? '{PASSWORD}'
      : encoding === 'utf16le' || encoding === 'ucs2'
        ? '{PASSWORD:utf16le}'
        : refuse('password.encoding is not supported')
  if (foreign.parameters['salt'] === undefined) return password
  return optionalText(part(foreign, 'salt'), 'position', 'prefix') === 'suffix' ? `${password}{SALT}` : `{SALT}${password}`
}

function hashIn(foreign: ForeignHash): Bytes {
  return decoded(foreign.hash, optionalText(part(foreign, 'hash'), 'encoding', 'hex'))
}

function valueIn(foreign: ForeignHash): Bytes {
  return decoded(textParameter(foreign, 'value'), optionalText(foreign, 'encoding', 'utf8'))
}

function decoded(text: string, encoding: string): Bytes {
  if (encoding === 'hex') return hexBytes(text)
  if (encoding === 'base64') return base64Bytes(text)
  return encoding === 'utf8' || encoding === 'ascii' ? utf8(text) : refuse('an encoding is not supported')
}

/** An object among the parameters, to read its own. */
function part({ hash, parameters }: ForeignHash, name: string): ForeignHash {
  const value = parameters[name]
  return { hash, parameters: isObject(value) ? value : {} }
}
