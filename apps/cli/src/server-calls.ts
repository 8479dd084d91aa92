import { callsOver, DenizenError, type Calls } from '@denizen/core/calls'
import type { ClientOptions } from '@denizen/client'
import { z } from 'zod'
import { callNamed, signatureOf } from './calls.ts'

/**
 * The calls of a server, whose answers are what they should be: what another program answers, or a proxy, is `client.unexpectedAnswer`. A
 * newer server may say more than is known here; nothing of that is lost.
 */
export async function serverCalls(options: ClientOptions): Promise<Calls> {
  const { createClient } = await import('@denizen/client')
  const calls = createClient(options)
  return callsOver({
    async run(name, input, commandOptions) {
      const answer = await callNamed(calls, name)(input, commandOptions)
      return ofShape(answer, signatureOf(name).output, { name, url: options.url })
    },
    async plan(name, input) {
      const answer = await callNamed(calls, name).plan?.(input)
      return ofShape(answer, plan, { name, url: options.url }) as z.infer<typeof plan>
    },
  })
}

const count = z.number()

/** What every plan has. */
const plan = z.looseObject({
  rows: z.record(z.string(), z.object({ inserted: count, updated: count, deleted: count })),
  sessionsEnded: count,
  tokensEnded: count,
  events: z.record(z.string(), count),
  jobs: z.record(z.string(), count),
  failed: z.array(z.object({ index: count, code: z.string(), message: z.string() })),
})

function ofShape(answer: unknown, schema: z.ZodType, { name, url }: { readonly name: string; readonly url: string }): unknown {
  const parsed = schema.safeParse(answer)
  if (parsed.success) return answer
  const path = parsed.error.issues[0]?.path.map(String).join('.') ?? ''
  const where = path === '' ? '' : `, at ${path}`
  throw new DenizenError('client.unexpectedAnswer', 'unavailable', `${url} answers ${name} with something else${where}.`, { url })
}
