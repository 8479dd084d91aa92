import type { IncomingMessage } from 'node:http'
import { bodyTooLarge, malformed, unsupportedMediaType } from './errors.ts'

/** Bytes of an oversized body that are still read and discarded, so that the client gets to see the answer. */
const mostDiscarded = 64 * 1024 * 1024

const utf8 = new TextDecoder('utf-8', { fatal: true })

/**
 * The body as text; null: the client left before it was complete. Only JSON is read by
 * default. Forms and `text/plain`, which another site can make a browser send without a
 * preflight request, are refused, except by pages that have a form of their own.
 */
export async function readBody(request: IncomingMessage, limit: number, mediaType = 'application/json'): Promise<string | null> {
  const { 'content-type': type = '', 'content-encoding': encoding = 'identity', 'content-length': length } = request.headers
  if (type.split(';', 1)[0]?.trim().toLowerCase() !== mediaType || encoding.toLowerCase() !== 'identity') throw unsupportedMediaType({})
  if (Number(length ?? 0) > limit) return refuse(request, limit)
  const bytes = await collect(request, limit)
  if (bytes === null) return null
  try {
    return utf8.decode(bytes)
  } catch (error) {
    throw error instanceof TypeError ? malformed('', 'this is not UTF-8') : error
  }
}

function collect(request: IncomingMessage, limit: number): Promise<Buffer | null> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let size = 0
    const onData = (chunk: Buffer): void => {
      size += chunk.length
      if (size <= limit) return void chunks.push(chunk)
      request.off('data', onData)
      refuse(request, limit).catch(reject)
    }
    request.on('data', onData)
    request.once('end', () => resolve(chunks.length === 1 ? (chunks[0] ?? null) : Buffer.concat(chunks)))
    request.once('error', () => resolve(null))
    request.once('close', () => resolve(null))
  })
}

async function refuse(request: IncomingMessage, limit: number): Promise<never> {
  let discarded = 0
  request.on('data', (chunk: Buffer) => {
    discarded += chunk.length
    if (discarded > mostDiscarded) request.destroy()
  })
  request.on('error', () => request.destroy())
  throw bodyTooLarge({ most: limit })
}
