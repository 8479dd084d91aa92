import { scrypt } from 'hash-wasm'
import type { Derivations } from './scheme.ts'

/** On every runtime: PBKDF2 by WebCrypto, scrypt in WebAssembly. */
export const portableDerivations: Derivations = {
  async pbkdf2(digest, { password, salt, iterations, length }) {
    const key = await crypto.subtle.importKey('raw', password, 'PBKDF2', false, ['deriveBits'])
    return new Uint8Array(await crypto.subtle.deriveBits({ name: 'PBKDF2', hash: digest, salt, iterations }, key, length * 8))
  },
  async scrypt({ password, salt, logN, blockSize, lanes, length }) {
    const cost = { costFactor: 2 ** logN, blockSize, parallelism: lanes, hashLength: length }
    return new Uint8Array(await scrypt({ ...cost, password, salt, outputType: 'binary' }))
  },
}
