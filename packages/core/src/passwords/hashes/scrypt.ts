import { areEqual, fromBase64, joined, toBase64, utf8, type Bytes } from './bytes.ts'
import { beyond, type Refusal, type Scheme, type ScryptCost } from './scheme.ts'

/**
 * scrypt (RFC 7914): `$scrypt$ln=14,r=8,p=1$<salt>$<hash>`, `$scrypt-nfkc$…` where the password was normalized so. Firebase's takes the
 * derived key to encipher a key that all its users share: `$scrypt-firebase$ln=14,r=8,p=1$<salt>:<key>$<hash>`.
 */
const format =
  /^\$scrypt(|-nfkc|-firebase)\$ln=(\d{1,10}),r=(\d{1,10}),p=(\d{1,10})\$([A-Za-z0-9+/]{0,342})(?::([A-Za-z0-9+/]{43,172}))?\$([A-Za-z0-9+/]{2,342})$/
/** What is derived is as long as what is stored: one that was cut has another length. */
const lengths: ReadonlySet<number> = new Set([16, 24, 32, 64])

/** OWASP and RFC 7914 stay below; it takes at most 128 MiB. */
const most = { logN: 17, blockSize: 32, lanes: 16, memory: 2 ** 20, work: 2 ** 21 }

interface Parts extends Omit<ScryptCost, 'password' | 'length'> {
  readonly variant: string
  readonly key: Bytes
  readonly hash: Bytes
}

function partsOf(text: string): Parts | null {
  const [, variant = '', logN, blockSize, lanes, salt = '', key = '', hash = ''] = format.exec(text) ?? []
  const [saltBytes, keyBytes, hashBytes] = [fromBase64(salt), fromBase64(key), fromBase64(hash)]
  if (saltBytes === null || keyBytes === null || hashBytes === null) return null
  const cost = { logN: Number(logN), blockSize: Number(blockSize), lanes: Number(lanes) }
  return { variant, ...cost, salt: saltBytes, key: keyBytes, hash: hashBytes }
}

/** Firebase's hash is its key, enciphered; a decoy has none. */
function hasRightLength(variant: string, key: Bytes, hash: Bytes): boolean {
  if (variant !== '-firebase') return lengths.has(hash.length) && key.length === 0
  return hash.length >= 32 && (key.length === 0 || key.length === hash.length)
}

export const scryptScheme: Scheme = {
  work(text) {
    const parts = partsOf(text)
    if (parts === null) return 'the hash or its salt is damaged or too long'
    const { variant, key, hash, logN, blockSize, lanes } = parts
    if (!hasRightLength(variant, key, hash)) return `the hash has ${hash.length} bytes: those of scrypt have ${[...lengths].join(', ')}`
    return costOf({ logN, blockSize, lanes })
  },
  async matches(text, password, derivations) {
    const parts = partsOf(text)
    if (parts === null) return false
    const { variant, key, hash, ...cost } = parts
    const typed = utf8(variant === '-nfkc' ? password.normalize('NFKC') : password)
    const derived = await derivations.scrypt({ ...cost, password: typed, length: variant === '-firebase' ? 32 : hash.length })
    return areEqual(variant === '-firebase' ? await enciphered(key, derived) : derived, hash)
  },
}

function costOf({ logN, blockSize, lanes }: ScryptParameters): number | Refusal {
  if (logN < 1 || blockSize < 1 || lanes < 1) return 'N, r and p of scrypt have to be at least 2, 1 and 1'
  if (logN > most.logN) return beyond(`scrypt with N 2^${logN}`, `2^${most.logN}`)
  if (blockSize > most.blockSize) return beyond(`scrypt with r ${blockSize}`, most.blockSize)
  if (lanes > most.lanes) return beyond(`scrypt with p ${lanes}`, most.lanes)
  // RFC 7914, and OpenSSL fails on it.
  if (logN >= blockSize * 16) return `scrypt with N 2^${logN} and r ${blockSize}: N has to be less than 2^${blockSize * 16}`
  const memory = 2 ** logN * blockSize
  if (memory > most.memory) return beyond(`scrypt with ${memory / 2 ** 13} MiB`, `${most.memory / 2 ** 13} MiB`)
  return memory * lanes > most.work ? beyond(`scrypt with N × r × p ${memory * lanes}`, most.work) : memory * lanes
}

async function enciphered(plain: Bytes, derived: Bytes): Promise<Bytes> {
  const key = await crypto.subtle.importKey('raw', derived, 'AES-CTR', false, ['encrypt'])
  return new Uint8Array(await crypto.subtle.encrypt({ name: 'AES-CTR', counter: new Uint8Array(16), length: 64 }, key, plain))
}

interface ScryptParameters {
  readonly logN: number
  readonly blockSize: number
  readonly lanes: number
}

function parametersOf({ logN, blockSize, lanes }: ScryptParameters): string {
  return `ln=${logN},r=${blockSize},p=${lanes}`
}

export function scryptHash(parameters: ScryptParameters, salt: Uint8Array, hash: Uint8Array, variant: '' | '-nfkc' = ''): string {
  return `$scrypt${variant}$${parametersOf(parameters)}$${toBase64(salt)}$${toBase64(hash)}`
}

/** https://github.com/firebase/scrypt */
export function firebaseHash(
  parameters: ScryptParameters,
  { salt, separator, key, hash }: Readonly<Record<'salt' | 'separator' | 'key' | 'hash', Uint8Array>>,
): string {
  return `$scrypt-firebase$${parametersOf(parameters)}$${toBase64(joined(salt, separator))}:${toBase64(key)}$${toBase64(hash)}`
}
