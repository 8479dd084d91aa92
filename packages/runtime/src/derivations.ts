import { pbkdf2Sync, scryptSync } from 'node:crypto'
import type { Derivations } from '@denizen/core/hashes'

/** Derivations of Node, for a thread that has nothing else to do: WebCrypto would take threads that all share, and WebAssembly longer. */
export const nativeDerivations: Derivations = {
  pbkdf2: (digest, { password, salt, iterations, length }) =>
    new Uint8Array(pbkdf2Sync(password, salt, iterations, length, digest.replace('-', '').toLowerCase())),
  scrypt: ({ password, salt, logN, blockSize, lanes, length }) =>
    new Uint8Array(
      scryptSync(password, salt, length, {
        N: 2 ** logN,
        r: blockSize,
        p: lanes,
        maxmem: 128 * blockSize * (2 ** logN + lanes + 2) + 1024 ** 2,
      }),
    ),
}
