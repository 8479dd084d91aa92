import { digestHash } from '../hashes/digest.ts'
import { digestLengths } from '../hashes/digests.ts'
import { modularHash } from './modular.ts'
import { passlibPbkdf2 } from './phc.ts'
import { base64Bytes, digestBytes, digestNamed, refuse, type Reader } from './reading.ts'

/** `userPassword` of RFC 2307 and of OpenLDAP's modules, alone or as its line of LDIF, where `::` stands before base64 of all of it. */
export const readLdap: Reader = ({ hash: given }) => {
  const text = given.startsWith('userPassword:') ? valueOf(given) : given
  const [, scheme = '', value = ''] = /^\{([A-Za-z0-9_-]{1,32})\}(.*)$/s.exec(text) ?? refuse('no {SCHEME} stands before it')
  const name = scheme.toUpperCase()
  if (name === 'CRYPT' || name === 'BCRYPT' || name === 'ARGON2') return modularHash(value)
  if (/^PBKDF2(?:-SHA(?:1|256|512))?$/.test(name)) return passlibPbkdf2(`$${name.toLowerCase()}$${value}`)
  if (/^S?MD5$/.test(name)) return salted('md5', name.startsWith('S'), value)
  const [, isSalted, bits = ''] = /^(S?)SHA(|1|224|256|384|512)$/.exec(name) ?? []
  if (isSalted !== undefined) return salted(`sha${bits === '' ? '1' : bits}`, isSalted === 'S', value)
  if (name === 'CLEARTEXT' || name === 'CLEAR' || name === 'PLAIN') return refuse('it is a password in clear text')
  return refuse(`the scheme {${name}} is not supported`)
}

function valueOf(line: string): string {
  const [, isEncoded, value = ''] = /^userPassword:(:?) *(.*)$/s.exec(line) ?? []
  return isEncoded === ':' ? new TextDecoder().decode(base64Bytes(value, 'the line of LDIF')) : value
}

/** The digest of the password and the salt, and behind it the salt. */
function salted(name: string, isSalted: boolean, value: string): string {
  const [digest, bytes] = [digestNamed(name), base64Bytes(value)]
  const length = digestLengths[digest]
  if (isSalted && bytes.length <= length) refuse('it is too short to have a salt')
  const hash = digestBytes(digest, isSalted ? bytes.slice(0, length) : bytes)
  return digestHash({
    digest,
    template: isSalted ? '{PASSWORD}{SALT}' : '{PASSWORD}',
    salt: isSalted ? bytes.slice(length) : new Uint8Array(),
    hash,
  })
}
