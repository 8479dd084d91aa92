import { argon2Hash } from '../argon2.ts'
import { bcryptHash, type BcryptTransform } from '../hashes/bcrypt.ts'
import { cryptLetters, fromCryptLetters, utf8 } from '../hashes/bytes.ts'
import { phpassHash } from '../hashes/phpass.ts'
import { scryptHash } from '../hashes/scrypt.ts'
import { refuse, unknownKind } from './reading.ts'

/** Hashes that say by themselves what they are, and mean the same in every system. */
export function modularHash(text: string): string {
  if (text.startsWith('$argon2')) return argon2(text)
  if (text.startsWith('$2')) return bcrypt(text)
  if (/^\$(?:1|apr1|5|6)\$/.test(text)) return crypt(text)
  if (text.startsWith('$7$')) return scrypt7(text)
  if (/^U?\$[PHS]\$/.test(text)) return phpass(text)
  if (/^\$g?y\$/.test(text)) return refuse('yescrypt is not supported')
  return unknownKind(text)
}

const argon2Format =
  /^\$argon2(id|i|d)(?:\$v=(\d{1,3}))?\$m=(\d{1,10}),t=(\d{1,10}),p=(\d{1,10})\$([A-Za-z0-9+/]+={0,2})\$([A-Za-z0-9+/]+={0,2})$/

function argon2(text: string): string {
  const [, type, version = '16', memory, passes, lanes, salt, hash] = argon2Format.exec(text) ?? refuse('it is no complete argon2 hash')
  const number = version === '19' ? '1.3' : version === '16' ? '1.0' : refuse(`argon2 has no version ${version}`)
  const parts = { type: type ?? '', version: number, memory: Number(memory), passes: Number(passes), lanes: Number(lanes) }
  const read = argon2Hash({ ...parts, salt: salt ?? '', hash: hash ?? '' })
  return 'hash' in read ? read.hash : refuse(read.problem)
}

const bcryptFormat = /^\$(2[abxy]?)\$(\d{2})\$([./A-Za-z0-9]{22})([./A-Za-z0-9]{31})$/

/** @param pepper bytes that follow the password */
export function bcrypt(text: string, transform?: BcryptTransform, pepper?: Uint8Array): string {
  const [, version, cost, salt = '', hash = ''] = bcryptFormat.exec(text) ?? refuse('it is no complete bcrypt hash')
  return bcryptHash({ version: version === '2' ? '2a' : (version ?? ''), cost: Number(cost), salt, hash }, transform, pepper)
}

/** What stands in both is the same; salts beyond what crypt(3) reads are cut, as there. */
function crypt(text: string): string {
  const parts = text.split('$')
  const [hash = '', salt = ''] = [parts.at(-1), parts.at(-2)]
  const lengths: Readonly<Record<string, number>> = { '1': 22, apr1: 22, '5': 43, '6': 86 }
  if (hash.length !== lengths[parts[1] ?? '']) refuse(`its hash has ${hash.length} letters`)
  if (parts.length > 5 || (parts.length === 5 && !/^rounds=\d{4,9}$/.test(parts[2] ?? ''))) refuse('it is no complete hash of crypt(3)')
  const most = parts[1] === '5' || parts[1] === '6' ? 16 : 8
  return [...parts.slice(0, -2), salt.slice(0, most), hash].join('$')
}

/** libsodium and libxcrypt: the salt is the text that stands there. */
function scrypt7(text: string): string {
  const [, logN = '', blockSize = '', lanes = '', salt = '', hash = ''] =
    /^\$7\$(.)(.{5})(.{5})([^$]{1,64})\$(.{43})$/.exec(text) ?? refuse('it is no complete hash of the kind $7$')
  const parameters = { logN: cryptLetters.indexOf(logN), blockSize: cryptNumber(blockSize), lanes: cryptNumber(lanes) }
  return scryptHash(parameters, utf8(salt), fromCryptLetters(hash) ?? refuse('its hash has wrong letters'))
}

function cryptNumber(letters: string): number {
  return [...letters].reduceRight((sum, letter) => sum * 64 + cryptLetters.indexOf(letter), 0)
}

/** `$P$` and `$H$` are phpass, `$S$` is Drupal's; a `U` says that MD5 of the password was hashed. */
function phpass(text: string): string {
  const [, ofMd5, kind, letter = '', salt = '', hash = ''] =
    /^(U)?\$([PHS])\$(.)([./A-Za-z0-9]{8})([./A-Za-z0-9]{22}|[./A-Za-z0-9]{43})$/.exec(text) ?? refuse('it is no complete hash of phpass')
  const variant = kind === 'S' ? ('drupal' as const) : ('phpass' as const)
  return phpassHash({ variant, cost: cryptLetters.indexOf(letter), ofMd5: ofMd5 !== undefined, salt, hash })
}
