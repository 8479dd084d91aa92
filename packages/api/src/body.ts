import type { IncomingMessage } from 'node:http'
import type { DenizenError } from '@denizen/core'
import { bodyTooLarge, malformed, unsupportedMediaType } from './errors.ts'
import { JsonMeter, valuesIn } from './json-meter.ts'

/** Bytes of a refused body that are still read and thrown away, so that the client gets to see the answer. */
const mostDiscarded = 16 * 1024 * 1024

const utf8 = new TextDecoder('utf-8', { fatal: true })

export interface BodyOptions {
  readonly mediaType?: string
  /** Values that JSON may hold. Default: as many as its bytes allow. */
  readonly mostValues?: number
  /** The error for a body over the limit. Default: that it is too large. */
  readonly refusal?: () => Promise<DenizenError>
}

/**
 * The body as text; null: the client left before it was complete. Only JSON is read by
 * default, and its depth and values are counted while it arrives, before anything is made of
 * it. Forms and `text/plain`, which another site can make a browser send without a preflight
 * request, are refused, except by pages that have a form of their own.
 */
export async function readBody(request: IncomingMessage, limit: number, options: BodyOptions = {}): Promise<string | null> {
  const { mediaType = json, mostValues = valuesIn(limit), refusal = async () => bodyTooLarge({ most: limit }) } = options
  const { 'content-type': type = '', 'content-encoding': encoding = 'identity' } = request.headers
  if (type.split(';', 1)[0]?.trim().toLowerCase() !== mediaType || encoding.toLowerCase() !== 'identity') throw unsupportedMediaType({})
  try {
    const declared = declaredLength(request)
    if (Number.isFinite(declared) && declared > limit) throw await refusal()
    const bytes = await collect(request, { limit, refusal, meter: mediaType === json ? new JsonMeter(mostValues) : null })
    return bytes === null ? null : utf8.decode(bytes)
  } catch (error) {
    if (!(error instanceof TypeError)) discard(request)
    throw error instanceof TypeError ? malformed('', 'this is not UTF-8') : error
  }
}

const json = 'application/json'

/** Bytes that a request says its body has; infinite: it does not say. */
export function declaredLength({ headers }: IncomingMessage): number {
  const { 'content-length': length } = headers
  if (length !== undefined) return Number(length)
  return headers['transfer-encoding'] === undefined ? 0 : Infinity
}

interface Limits {
  readonly limit: number
  readonly refusal: () => Promise<DenizenError>
  readonly meter: JsonMeter | null
}

function collect(request: IncomingMessage, { limit, refusal, meter }: Limits): Promise<Buffer | null> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let size = 0
    const stop = (error: unknown): void => {
      request.off('data', onData)
      chunks.length = 0
      reject(error as Error)
    }
    const onData = (chunk: Buffer): void => {
      size += chunk.length
      if (size > limit) {
        request.off('data', onData)
        return void refusal().then(stop, stop)
      }
      const complaint = meter?.feed(chunk) ?? null
      if (complaint !== null) return stop(malformed('', complaint))
      chunks.push(chunk)
    }
    request.on('data', onData)
    request.once('end', () => resolve(chunks.length === 1 ? (chunks[0] ?? null) : Buffer.concat(chunks)))
    request.once('error', () => resolve(null))
    request.once('close', () => resolve(null))
  })
}

function discard(request: IncomingMessage): void {
  let discarded = 0
  request.on('data', (chunk: Buffer) => {
    discarded += chunk.length
    if (discarded > mostDiscarded) request.destroy()
  })
  request.on('error', () => request.destroy())
}
