import { digestHash } from '../hashes/digest.ts'
import { utf8 } from '../hashes/bytes.ts'
import { pbkdf2Hash } from '../hashes/pbkdf2.ts'
import { scryptHash } from '../hashes/scrypt.ts'
import { readLdap } from './ldap.ts'
import { bcrypt, modularHash } from './modular.ts'
import { passlibPbkdf2, readPhc } from './phc.ts'
import { saltedHex } from './python.ts'
import { base64Bytes, count, digestBytes, digestNamed, hexBytes, optionalText, refuse, type Reader } from './reading.ts'

/** MD5 of old times, phpass, `$wp$2y$…` of version 6.8, and bcrypt of plugins. */
export const readWordPress: Reader = ({ hash }) => {
  if (/^[0-9a-f]{32}$/.test(hash)) return saltedHex('md5', '{PASSWORD}', '', hash)
  return hash.startsWith('$wp$2') ? bcrypt(hash.slice('$wp'.length), 'wordpress') : modularHash(hash)
}

/** bcrypt; the pepper of the configuration stands behind the password. */
export const readDevise: Reader = (foreign) => {
  const pepper = optionalText(foreign, 'pepper', '')
  return pepper === '' ? modularHash(foreign.hash) : bcrypt(foreign.hash, undefined, utf8(pepper))
}

/** https://better-auth.com/docs/authentication/email-password: the salt is the text of its hexadecimal. Rows of others may have bcrypt. */
export const readBetterAuth: Reader = ({ hash: text }) => {
  if (text.startsWith('$')) return modularHash(text)
  const [, salt = '', hash = ''] = /^([0-9a-f]{32}):([0-9a-f]{128})$/.exec(text) ?? refuse('it is no salt and key of better-auth')
  return scryptHash({ logN: 14, blockSize: 16, lanes: 1 }, utf8(salt), hexBytes(hash), '-nfkc')
}

/** `PasswordHash` of `AspNetUsers` (https://github.com/dotnet/aspnetcore, PasswordHasher.cs), versions 2 and 3. */
export const readAspNet: Reader = ({ hash: text }) => {
  const bytes = base64Bytes(text)
  if (bytes[0] === 0) {
    if (bytes.length !== 49) refuse(`a hash of version 2 has 49 bytes, not ${bytes.length}`)
    return pbkdf2Hash('sha1', 1000, bytes.slice(1, 17), bytes.slice(17))
  }
  if (bytes[0] !== 1) refuse('it is of neither version')
  if (bytes.length < 13 + 16 + 16) refuse('it is too short')
  const view = new DataView(bytes.buffer)
  const digest = ['sha1', 'sha256', 'sha512'][view.getUint32(1)] ?? refuse('its digest is unknown')
  const saltLength = view.getUint32(9)
  if (saltLength < 16 || saltLength > bytes.length - 13 - 16) refuse('its salt has a wrong length')
  return pbkdf2Hash(digest, view.getUint32(5), bytes.slice(13, 13 + saltLength), bytes.slice(13 + saltLength))
}

/** What passwap makes and verifies (https://github.com/zitadel/passwap): the salt of its MD5 is the text that stands there. */
export const readZitadel: Reader = (foreign) => {
  const { hash: text } = foreign
  const [, kind = '', salt = '', hash = ''] = /^\$(md5salted-(?:prefix|suffix)|md5plain)\$(?:([^$]*)\$)?([^$]+)$/.exec(text) ?? []
  if (kind === 'md5plain') return saltedHex('md5', '{PASSWORD}', '', hash)
  if (kind !== '') {
    const template = kind.endsWith('prefix') ? '{SALT}{PASSWORD}' : '{PASSWORD}{SALT}'
    return digestHash({ digest: 'md5', template, salt: utf8(salt), hash: digestBytes('md5', base64Bytes(hash)) })
  }
  if (text.startsWith('$pbkdf2')) return passlibPbkdf2(text)
  return /^[0-9a-f]{32}$/.test(text) ? saltedHex('md5', '{PASSWORD}', '', text) : readPhc(foreign)
}

/** `:A:`, `:B:` and `:pbkdf2:` (https://www.mediawiki.org/wiki/Manual:User_table#user_password). */
export const readMediaWiki: Reader = ({ hash: text }) => {
  const [, kind = '', ...parts] = text.split(':')
  const [one = '', two = '', three = '', four = '', five = ''] = parts
  if (kind === 'A' && parts.length === 1) return saltedHex('md5', '{PASSWORD}', '', one)
  if (kind === 'B' && parts.length === 2) return saltedHex('md5', '{SALT}-{PASSWORD:md5}', one, two)
  if (kind !== 'pbkdf2' || parts.length !== 5) return refuse('it is no hash of MediaWiki that is supported')
  const hash = base64Bytes(five)
  if (hash.length !== count(three, 'the length')) refuse(`the hash has ${hash.length} bytes, and says ${three}`)
  return pbkdf2Hash(digestNamed(one), count(two, 'the number of iterations'), base64Bytes(four, 'the salt'), hash)
}

/** `PBKDF2SHA256$10000$<salt>$<hash>`, both in hexadecimal. */
export const readSeafile: Reader = ({ hash: text }) => {
  const [, iterations, salt = '', hash = ''] =
    /^PBKDF2SHA256\$([^$]*)\$([0-9a-f]+)\$([0-9a-f]+)$/.exec(text) ?? refuse('it is no hash of Seafile')
  return pbkdf2Hash('sha256', count(iterations, 'the number of iterations'), hexBytes(salt), digestBytes('sha256', hexBytes(hash)))
}

/** The methods of its `inc/PassHash.php`, as far as they say what they are. */
export const readDokuWiki: Reader = (foreign) => {
  const { hash: text } = foreign
  const [, name = '', salt = '', hash = ''] = /^(md5|sha1)\$([^$]*)\$([0-9a-f]+)$/.exec(text) ?? []
  if (name !== '') return saltedHex(name, '{SALT}{PASSWORD}', salt, hash)
  if (/^[0-9a-f]{32}$/.test(text)) return saltedHex('md5', '{PASSWORD}', '', text)
  if (/^[0-9a-f]{40}$/.test(text)) return saltedHex('sha1', '{PASSWORD}', '', text)
  if (text.startsWith(':')) return readMediaWiki(foreign)
  if (text.startsWith('PBKDF2SHA256$')) return readSeafile(foreign)
  if (/^[./0-9A-Za-z]{13}$/.test(text)) return refuse('DES of crypt(3) is not supported')
  return text.startsWith('{') ? readLdap(foreign) : modularHash(text)
}
