import type { IncomingMessage } from 'node:http'
import { webhookRefused, type Core } from '@denizen/core'
import type { TrustedProxies } from '../addresses.ts'
import { json, type Answer } from '../answer.ts'
import { readBody } from '../body.ts'
import { originOf } from '../context.ts'
import { methodNotAllowed, understood } from '../errors.ts'
import { problem } from '../rest.ts'

/** Where Clerk sends what happens to its users. */
export const clerkWebhookPath = '/webhooks/clerk'

/** Bytes; a user with all that Clerk lets applications keep about one takes some tens of KiB. */
const longestEvent = 256 * 1024

/** Takes in one event. Whatever it was about, and also when it was heard before, the answer is the same: nothing more is to be sent. */
export async function answerClerkWebhook(
  { request, requestId }: { readonly request: IncomingMessage; readonly requestId: string },
  core: Core,
  proxies: TrustedProxies,
): Promise<Answer | null> {
  try {
    const { method = '', headers } = request
    if (method !== 'POST') throw methodNotAllowed({ method, allowed: ['POST'] })
    const field = (name: string): string => {
      // Svix, who delivers for Clerk, signs as Standard Webhooks has it, under names of its own.
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
    const error = understood(thrown, { path: undefined, requestId })
    if (error.kind === 'internal' && error !== thrown)
      core.ports.logger.error('a webhook failed unexpectedly', { requestId, error: thrown })
    return problem(error, requestId)
  }
}
