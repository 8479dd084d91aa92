import type { InputOf, OutputOf, Signatures } from '@denizen/core'

type CreationOptions = OutputOf<Signatures['passkeys']['beginRegistration']>['options']
type RequestOptions = OutputOf<Signatures['passkeys']['beginSignIn']>['options']
type AttestationResponse = InputOf<Signatures['passkeys']['finishRegistration']>['response']
type AssertionResponse = InputOf<Signatures['passkeys']['finishSignIn']>['response']

/** The types of Web Crypto go by these names on every platform's own terms. */
type Keys = Extract<Awaited<ReturnType<typeof crypto.subtle.generateKey>>, { privateKey: unknown }>
type Key = Keys['publicKey']

interface Credential {
  readonly id: string
  readonly rpId: string
  readonly userHandle: string
  readonly keys: Keys
  counter: number
}

/** What an authenticator and its browser may get wrong, or be made to. */
export interface Lapses {
  /** Where the page is. */
  readonly origin?: string
  /** What is signed instead of the challenge. */
  readonly challenge?: string
  /** Whom the passkey is for, instead of who asks. */
  readonly rpId?: string
  /** Nobody checked who uses it. */
  readonly unverified?: true
  /** The count of signatures it gives. */
  readonly counter?: number
  /** What it says whose it is; null: it does not say. */
  readonly userHandle?: string | null
  /** The kind of client data: `webauthn.get`. */
  readonly type?: string
}

interface Options {
  /** Where the page is. */
  readonly origin: string
  /** Whether it counts what it signs; many say 0 for ever. */
  readonly counts?: boolean
}

/** An authenticator in software, with the browser around it: makes passkeys (WebAuthn Level 3, ES256, no attestation) and signs with them. */
export class SoftAuthenticator {
  readonly credentials: Credential[] = []
  readonly #origin: string
  readonly #counts: boolean

  constructor({ origin, counts = true }: Options) {
    this.#origin = origin
    this.#counts = counts
  }

  /** `navigator.credentials.create()`, after `toJSON()`. */
  async create(options: CreationOptions, lapses: Lapses = {}): Promise<AttestationResponse> {
    if (options.excludeCredentials.some(({ id }) => this.credentials.some((known) => known.id === id)))
      throw new Error('InvalidStateError: this authenticator is registered already')
    const keys = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign', 'verify'])
    const raw = crypto.getRandomValues(new Uint8Array(32))
    const credential = { id: base64url(raw), rpId: options.rp.id, userHandle: options.user.id, keys, counter: 0 }
    this.credentials.push(credential)
    const key = await coseKey(keys.publicKey)
    const attested = joined(new Uint8Array(16), uint16(raw.length), raw, key)
    const authData = await this.#authData(credential, lapses, attested)
    const attestation = cbor(
      new Map<string, Cbor>([
        ['fmt', 'none'],
        ['attStmt', new Map()],
        ['authData', authData],
      ]),
    )
    return {
      ...named(credential.id),
      response: {
        clientDataJSON: base64url(this.#clientData('webauthn.create', options.challenge, lapses)),
        attestationObject: base64url(attestation),
        transports: ['internal'],
      },
    }
  }

  /** `navigator.credentials.get()`, after `toJSON()`: with the passkey made last for the place. */
  async get(options: Pick<RequestOptions, 'challenge' | 'rpId'>, lapses: Lapses = {}): Promise<AssertionResponse> {
    const credential = this.credentials.findLast(({ rpId }) => rpId === options.rpId)
    if (credential === undefined) throw new Error('NotAllowedError: there is no passkey for this place')
    if (this.#counts) credential.counter++
    const clientData = this.#clientData('webauthn.get', options.challenge, lapses)
    const authData = await this.#authData(credential, lapses)
    const signed = joined(authData, await sha256(clientData))
    const signature = new Uint8Array(await crypto.subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, credential.keys.privateKey, signed))
    const userHandle = lapses.userHandle === undefined ? credential.userHandle : lapses.userHandle
    return {
      ...named(credential.id),
      response: {
        clientDataJSON: base64url(clientData),
        authenticatorData: base64url(authData),
        signature: base64url(der(signature)),
        userHandle,
      },
    }
  }

  #clientData(type: string, challenge: string, lapses: Lapses): Uint8Array<ArrayBuffer> {
    const data = {
      type: lapses.type ?? type,
      challenge: lapses.challenge ?? challenge,
      origin: lapses.origin ?? this.#origin,
      crossOrigin: false,
    }
    return new TextEncoder().encode(JSON.stringify(data))
  }

  /** WebAuthn: 6.1. */
  async #authData({ rpId, counter }: Credential, lapses: Lapses, attested?: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
    const flags = 0x01 | (lapses.unverified === true ? 0 : 0x04) | (attested === undefined ? 0 : 0x40)
    const count = new Uint8Array(4)
    new DataView(count.buffer).setUint32(0, lapses.counter ?? counter)
    const host = await sha256(new TextEncoder().encode(lapses.rpId ?? rpId))
    return joined(host, Uint8Array.of(flags), count, attested ?? new Uint8Array(0))
  }
}

const named = (id: string) => ({ id, rawId: id, type: 'public-key' as const, clientExtensionResults: {} })

/** A public key as authenticators write it (RFC 9053: EC2, ES256, P-256). */
async function coseKey(key: Key): Promise<Uint8Array> {
  const point = new Uint8Array(await crypto.subtle.exportKey('raw', key))
  return cbor(
    new Map<number, Cbor>([
      [1, 2],
      [3, -7],
      [-1, 1],
      [-2, point.slice(1, 33)],
      [-3, point.slice(33, 65)],
    ]),
  )
}

type Cbor = number | string | Uint8Array | Map<string | number, Cbor>

/** As much of CBOR (RFC 8949) as authenticators need. */
function cbor(value: Cbor): Uint8Array<ArrayBuffer> {
  if (typeof value === 'number') return value < 0 ? head(1, -1 - value) : head(0, value)
  if (typeof value === 'string') return joined(head(3, value.length), new TextEncoder().encode(value))
  if (value instanceof Uint8Array) return joined(head(2, value.length), value)
  return joined(head(5, value.size), ...[...value].flatMap(([key, item]) => [cbor(key), cbor(item)]))
}

function head(major: number, size: number): Uint8Array<ArrayBuffer> {
  if (size < 24) return Uint8Array.of((major << 5) | size)
  return size < 256 ? Uint8Array.of((major << 5) | 24, size) : joined(Uint8Array.of((major << 5) | 25), uint16(size))
}

/** An ECDSA signature as authenticators write it: two integers in ASN.1 DER, where Web Crypto puts them side by side. */
function der(signature: Uint8Array): Uint8Array {
  const integers = [signature.slice(0, 32), signature.slice(32)].map((bytes) => {
    const from = bytes.findIndex((byte) => byte !== 0)
    const digits = bytes.slice(from < 0 ? 31 : from)
    const body = (digits[0] ?? 0) > 0x7f ? joined(Uint8Array.of(0), digits) : digits
    return joined(Uint8Array.of(2, body.length), body)
  })
  const body = joined(...integers)
  return joined(Uint8Array.of(0x30, body.length), body)
}

async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))
}

function uint16(value: number): Uint8Array {
  return Uint8Array.of(value >> 8, value & 255)
}

function joined(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}

function base64url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '')
}
