import type { IncomingMessage } from 'node:http'
import { readBody } from '../body.ts'
import { methodNotAllowed, unsupportedMediaType } from '../errors.ts'
import { DenizenError } from '@denizen/core'
import { oauthFailure } from './failure.ts'

/** Bytes. Many times what these endpoints need. */
const longestForm = 16 * 1024

const mediaType = 'application/x-www-form-urlencoded'

/** The parameters of a request. */
export interface Form {
  /** null: missing, or without a value, which is the same (RFC 6749: 3.2). */
  get(name: string): string | null
  /** Throws `invalid_request` when it is missing. */
  need(name: string): string
}

/** Reads the form of a POST; null: the client left before it was complete. */
export async function readForm(request: IncomingMessage): Promise<Form | null> {
  const { method = '' } = request
  if (method !== 'POST') throw methodNotAllowed({ method, allowed: ['POST'] })
  const body = await readBody(request, longestForm, { mediaType }).catch((error: unknown) => {
    const wrongType = error instanceof DenizenError && error.code === unsupportedMediaType.code
    throw wrongType ? oauthFailure('invalid_request', `Send a form: Content-Type: ${mediaType}.`) : error
  })
  return body === null ? null : formOf(body)
}

/** A repeated parameter may mean one thing to us and another to a proxy that checked the request before (RFC 6749: 3.2). */
function formOf(body: string): Form {
  const fields = new Map<string, string>()
  for (const [name, value] of new URLSearchParams(body)) {
    if (fields.has(name)) throw oauthFailure('invalid_request', 'A parameter is repeated.')
    fields.set(name, value)
  }
  const get = (name: string): string | null => fields.get(name) || null
  const need = (name: string): string => {
    const value = get(name)
    if (value === null) throw oauthFailure('invalid_request', `The parameter ${name} is missing.`)
    return value
  }
  return { get, need }
}
