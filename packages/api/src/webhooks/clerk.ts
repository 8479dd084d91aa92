import type { IncomingMessage } from 'node:http'
import { webhookRefused, type Core } from '@denizen/core'
import type { TrustedProxies } from '../addresses.ts'
import { json, type Answer } from '../answer.ts'
import { readBody } from '../body.ts'
import { originOf } from '../context.ts'
import { methodNotAllowed, toDomainError } from '../errors.ts'
import { problem } from '../rest.ts'

/** Where Clerk sends events about its users. */
export const clerkWebhookPath = '/webhooks/clerk'

/** Bytes. A user with all the metadata that Clerk allows takes some tens of KiB. */
const longestEvent = 256 * 1024

/** Receives one event. The answer is the same whatever it is about, also when it was received before: do not send it again. */
export async function answerClerkWebhook(
  { request, requestId }: { readonly request: IncomingMessage; readonly requestId: string },
  core: Core,
  proxies: TrustedProxies,
): Promise<Answer | null> {
  try {
    const { method = '', headers } = request
    if (method !== 'POST') throw methodNotAllowed({ method, allowed: ['POST'] })
    const field = (name: string): string => {
      // Svix, which delivers for Clerk, follows Standard Webhooks but has its own header names.
      const value = headers[`svix-${name}`] ?? headers[`webhook-${name}`]
      if (typeof value !== 'string') throw webhookRefused({})
      return value
    }
    const signed = { id: field('id'), timestamp: field('timestamp'), signature: field('signature') }
    const body = await readBody(request, longestEvent)
    if (body === null) return null
    await core.receiveWebhook({ ...signed, body }, originOf(request, requestId, proxies))
    return { status: 204, contentType: json, body: '' }
  } catch (thrown) {
    const error = toDomainError(thrown, { path: undefined, requestId })
    if (error.kind === 'internal' && error !== thrown)
      core.ports.logger.error('a webhook failed unexpectedly', { requestId, error: thrown })
    return problem(error, requestId)
  }
}
