import { createMD5, createSHA1, createSHA224, createSHA256, createSHA384, createSHA512, type IHasher } from 'hash-wasm'
import type { Bytes } from './bytes.ts'

/** Digests in which other systems keep passwords, with their length in bytes. */
export const digestLengths = { md5: 16, sha1: 20, sha224: 28, sha256: 32, sha384: 48, sha512: 64 } as const
export type DigestName = keyof typeof digestLengths

const makers: Readonly<Record<DigestName, () => Promise<IHasher>>> = {
  md5: createMD5,
  sha1: createSHA1,
  sha224: createSHA224,
  sha256: createSHA256,
  sha384: createSHA384,
  sha512: createSHA512,
}

export function digestHasher(name: DigestName): Promise<IHasher> {
  return makers[name]()
}

/** A digest that may be taken many times. */
export type Digest = (bytes: Uint8Array) => Bytes

export async function digestOf(name: DigestName): Promise<Digest> {
  const hasher = await digestHasher(name)
  return (bytes) => new Uint8Array(hasher.init().update(bytes).digest('binary'))
}

export function isDigestName(name: string): name is DigestName {
  return Object.hasOwn(digestLengths, name)
}
