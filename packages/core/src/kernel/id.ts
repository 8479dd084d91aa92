import { z } from 'zod'

/**
 * Ids are UUIDv7 in the database (RFC 9562) and TypeIDs outside: a prefix that
 * names the kind, and the UUID in Crockford base32 (https://github.com/jetify-com/typeid).
 */
export type Id<Prefix extends string> = `${Prefix}_${string}`

const alphabet = '0123456789abcdefghjkmnpqrstvwxyz'
const suffixLength = 26

// Millions of ids are read and written, so characters are looked up by code.
const letterCodes = [...alphabet].map((letter) => letter.charCodeAt(0))
const letterValues = valuesOf(alphabet)
const digitValues = valuesOf('0123456789abcdef')
const byteTexts = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

function valuesOf(characters: string): Uint8Array {
  const values = new Uint8Array(128)
  for (const [value, character] of [...characters].entries()) {
    values[character.charCodeAt(0)] = value
    values[character.toUpperCase().charCodeAt(0)] = value
  }
  return values
}

/** The nouns in error messages, when a caller mixes up two kinds of ids. */
const kinds = {
  usr: 'user',
  ses: 'session',
  tok: 'token',
  org: 'organization',
  mem: 'membership',
  rol: 'role',
  asg: 'assignment',
  exc: 'exclusion',
  res: 'resource',
  pol: 'policy',
  aud: 'audit entry',
  evt: 'event',
  lat: 'login attempt',
  team: 'team',
  inv: 'invitation',
  ver: 'verification',
  fac: 'factor',
  rec: 'recovery code',
  psk: 'passkey',
  idn: 'identity',
  pwd: 'former password',
  chl: 'challenge',
  dev: 'device login',
  key: 'signing key',
  run: 'run of a job',
} as const
const nouns: Readonly<Record<string, string>> = kinds

/** What the ids that are in use begin with. */
export type IdPrefix = keyof typeof kinds

/** 16 bytes of a UUIDv7: milliseconds since the epoch (48 bits), then random bits. */
export function uuidBytes(now: Date, random: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(16)
  const millis = now.getTime()
  const view = new DataView(bytes.buffer)
  view.setUint32(0, Math.floor(millis / 0x10000))
  view.setUint16(4, millis % 0x10000)
  bytes.set(random.subarray(0, 10), 6)
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x70
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  return bytes
}

/** The first UUIDv7 of a moment: smaller than those of all ids that are made from then on. */
export function firstUuidAt(moment: Date): string {
  return uuidOf(`usr_${encodeSuffix(uuidBytes(moment, new Uint8Array(10)))}`)
}

/** Makes a new id of a kind, ordered by the given time. */
export function newId<Prefix extends string>(prefix: Prefix, now: Date, random: Uint8Array): Id<Prefix> {
  return `${prefix}_${encodeSuffix(uuidBytes(now, random))}`
}

/** The UUID inside an id, as the database knows it. */
export function uuidOf(id: string): string {
  let text = ''
  let bits = 0
  let pending = -2
  let bytes = 0
  const start = id.lastIndexOf('_') + 1
  for (let at = start; at < start + suffixLength; at++) {
    bits = (bits << 5) | (letterValues[id.charCodeAt(at)] ?? 0)
    pending += 5
    if (pending < 8) continue
    pending -= 8
    text += byteTexts[(bits >>> pending) & 255] ?? ''
    bits &= (1 << pending) - 1
    bytes++
    if (bytes === 4 || bytes === 6 || bytes === 8 || bytes === 10) text += '-'
  }
  return text
}

/** The same for what may be missing. */
export function uuidOrNull(id: string | null | undefined): string | null {
  return id === null || id === undefined ? null : uuidOf(id)
}

/** Many UUIDs as one parameter of type `uuid[]`. */
export function uuidsOf(ids: readonly string[]): string {
  return `{${ids.map(uuidOf).join(',')}}`
}

/** The id of a kind for a UUID from the database. */
export function idOf<Prefix extends string>(prefix: Prefix, uuid: string): Id<Prefix> {
  let digits = 0
  read.fill(0)
  for (let at = 0; at < uuid.length && digits < 32; at++) {
    const code = uuid.charCodeAt(at)
    if (code === dash) continue
    const value = digitValues[code] ?? 0
    const byte = digits >> 1
    read[byte] = digits % 2 === 0 ? value << 4 : (read[byte] ?? 0) | value
    digits++
  }
  return `${prefix}_${encodeSuffix(read)}`
}

/** The same for a column that may be null. */
export function idOrNull<Prefix extends string>(prefix: Prefix, uuid: string | null): Id<Prefix> | null {
  return uuid === null ? null : idOf(prefix, uuid)
}

const dash = 45
/** Buffers for reading and writing one id; calls do not overlap. */
const read = new Uint8Array(16)
const written: number[] = Array.from({ length: suffixLength }, () => 0)

/** The 26 letters that follow the prefix. */
export function encodeSuffix(bytes: Uint8Array): string {
  let bits = 0
  let pending = 2 // 130 bits of letters hold 128 bits of UUID: two zero bits lead
  let at = 0
  for (const byte of bytes) {
    bits = (bits << 8) | byte
    pending += 8
    while (pending >= 5) {
      pending -= 5
      written[at++] = letterCodes[(bits >>> pending) & 31] ?? 0
    }
    bits &= (1 << pending) - 1
  }
  // One call: letter by letter it would build a chain of a dozen strings.
  return String.fromCharCode(...written)
}

const suffixPattern = new RegExp(`^[0-7][${alphabet}]{${suffixLength - 1}}$`)

/** Whether the text is a well-formed id of the kind. */
export function isId<Prefix extends string>(prefix: Prefix, text: string): text is Id<Prefix> {
  return text.startsWith(`${prefix}_`) && suffixPattern.test(text.slice(prefix.length + 1))
}

/** Schemas of ids, so that tests can find every id in an input. */
const ids = z.registry<{ prefix: string }>()

/**
 * The prefix of the ids that a schema accepts; undefined: it is not a schema of ids. Also works for copies made by `.meta()` and
 * `.refine()`.
 */
export function idPrefixOf(schema: z.core.$ZodType): string | undefined {
  return ids.get(schema)?.prefix
}

/** A schema for ids of one kind. Its error names the kind it got instead. */
export function idSchema<Prefix extends string>(prefix: Prefix) {
  const noun = nouns[prefix] ?? prefix
  const schema = z
    .string()
    .max(64)
    .superRefine((text, check) => {
      if (!isId(prefix, text)) check.addIssue({ code: 'custom', message: explain(prefix, noun, text) })
    })
    .transform((text) => text as Id<Prefix>)
    .meta({ description: `${noun} id (${prefix}_…)` })
  ids.add(schema, { prefix })
  return schema
}

function explain(prefix: string, noun: string, text: string): string {
  const other = nouns[text.slice(0, Math.max(0, text.indexOf('_')))]
  const got = other === undefined || other === noun ? 'this is none' : `this is the id of ${withArticle(other)}`
  return `must be the id of ${withArticle(noun)} (${prefix}_…); ${got}`
}

/** `an organization`, `a user`. */
export function withArticle(noun: string): string {
  return `${/^[aeio]/.test(noun) ? 'an' : 'a'} ${noun}`
}

/** `organization`, for an id of one; null: the text is no id. */
export function kindOfId(text: string): string | null {
  const [prefix = ''] = text.split('_', 1)
  return Object.hasOwn(nouns, prefix) && isId(prefix, text) ? (nouns[prefix] ?? null) : null
}
