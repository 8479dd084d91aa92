import { createHMAC } from 'hash-wasm'
import { areEqual, fromBase64, joined, toBase64, toHex, utf8, type Bytes } from './bytes.ts'
import { digestHasher, digestLengths, digestOf, isDigestName, type DigestName } from './digests.ts'
import type { Scheme } from './scheme.ts'

/**
 * One digest of a password and a salt, which costs an attacker nothing: `$digest-sha1$of=<template>$<salt>$<hash>`, or a keyed one with the key
 * in place of the salt: `$hmac-sha256$of=<template>$<key>$<hash>`. Template, salt and hash are in base64; the template is text around
 * `{SALT}` and `{PASSWORD}`, or `{PASSWORD:utf16le}`, or `{PASSWORD:md5}`, which is its digest in hexadecimal.
 */
const format = /^\$(digest|hmac)-([a-z0-9]+)\$of=([A-Za-z0-9+/]{2,342})\$([A-Za-z0-9+/]{0,342})\$([A-Za-z0-9+/]{22,86})$/
const placeholder = /(\{SALT\}|\{PASSWORD(?::(?:utf16le|md5))?\})/

interface Parts {
  readonly isKeyed: boolean
  readonly digest: DigestName
  readonly template: string
  readonly salt: Bytes
  readonly hash: Bytes
}

function partsOf(text: string): Parts | null {
  const [, kind = '', digest = '', of = '', salt = '', hash = ''] = format.exec(text) ?? []
  const [template, saltBytes, hashBytes] = [fromBase64(of), fromBase64(salt), fromBase64(hash)]
  if (template === null || saltBytes === null || hashBytes === null) return null
  if (!isDigestName(digest) || hashBytes.length !== digestLengths[digest]) return null
  return { isKeyed: kind === 'hmac', digest, template: new TextDecoder().decode(template), salt: saltBytes, hash: hashBytes }
}

export const digestScheme: Scheme = {
  work(text) {
    const parts = partsOf(text)
    if (parts === null) return 'the hash or its salt is damaged, or too long'
    return takesPassword(parts.template) ? 1 : 'the template needs one place for the password, and may have one for the salt'
  },
  async matches(text, password) {
    const parts = partsOf(text)
    if (parts === null) return false
    const { isKeyed, digest, template, salt, hash } = parts
    const message = await filled(template, password, salt)
    if (!isKeyed) return areEqual((await digestOf(digest))(message), hash)
    const hasher = await createHMAC(digestHasher(digest), salt)
    return areEqual(new Uint8Array(hasher.init().update(message).digest('binary')), hash)
  },
}

/** Without exactly one place for it, everybody's password would match, or a long one cost more. */
function takesPassword(template: string): boolean {
  const found = template.split(placeholder).filter((part) => placeholder.test(part))
  return found.filter((part) => part.startsWith('{PASSWORD')).length === 1 && found.length <= 3
}

async function filled(template: string, password: string, salt: Bytes): Promise<Bytes> {
  const parts: Bytes[] = []
  for (const part of template.split(placeholder)) {
    if (part === '{SALT}') parts.push(salt)
    else if (part === '{PASSWORD}') parts.push(utf8(password))
    else if (part === '{PASSWORD:utf16le}') parts.push(utf16(password))
    else if (part === '{PASSWORD:md5}') parts.push(utf8(toHex((await digestOf('md5'))(utf8(password)))))
    else parts.push(utf8(part))
  }
  return joined(...parts)
}

function utf16(text: string): Bytes {
  const bytes = new Uint8Array(text.length * 2)
  const view = new DataView(bytes.buffer)
  for (let index = 0; index < text.length; index++) view.setUint16(index * 2, text.charCodeAt(index), true)
  return bytes
}

interface DigestParts {
  readonly digest: string
  readonly template: string
  readonly salt: Uint8Array
  readonly hash: Uint8Array
}

export function digestHash({ digest, template, salt, hash }: DigestParts): string {
  return `$digest-${digest}$of=${toBase64(utf8(template))}$${toBase64(salt)}$${toBase64(hash)}`
}

export function hmacHash({ digest, template, salt: key, hash }: DigestParts): string {
  return `$hmac-${digest}$of=${toBase64(utf8(template))}$${toBase64(key)}$${toBase64(hash)}`
}
