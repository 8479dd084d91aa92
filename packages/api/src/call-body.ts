import type { IncomingMessage } from 'node:http'
import { signatures, type Core, type DenizenError, type Signature } from '@denizen/core'
import { declaredLength, readBody } from './body.ts'
import type { Caller } from './context.ts'
import { bodyTooLarge } from './errors.ts'
import { valuesIn } from './json-meter.ts'
import { actionIn } from './procedures.ts'

interface InputLimit {
  readonly bytes: number
  readonly values: number
}

/** How much an input may hold, of actions where it is more than usual. */
const inputLimits: ReadonlyMap<string, InputLimit> = new Map(
  Object.values(signatures)
    .flatMap((group) => Object.values<Signature>(group))
    .flatMap(({ name, inputLimit: bytes, mostValues: values }) =>
      bytes === undefined ? [] : [[name, { bytes, values: values ?? valuesIn(bytes) }] as const],
    ),
)

/**
 * The body of calls; null: the client left before it was complete. One over the usual limit is read only for actions that take one, of
 * callers who may do that at all. A batch has one limit for all that is in it.
 */
export async function readCallBody(
  { core, bodyLimit }: { readonly core: Core; readonly bodyLimit: number },
  request: IncomingMessage,
  calls: readonly string[],
  caller: Caller,
): Promise<string | null> {
  const actions = [...new Set(calls.map((call) => actionIn(call).action))]
  const large = actions.filter((action) => (inputLimits.get(action)?.bytes ?? 0) > bodyLimit)
  if (large.length === 0 || declaredLength(request) <= bodyLimit) return readBody(request, bodyLimit)
  const may = await Promise.all(large.map((action) => core.mayUse(action, caller)))
  if (may.every(Boolean)) {
    const limits = large.flatMap((action) => inputLimits.get(action) ?? [])
    const mostValues = Math.max(valuesIn(bodyLimit), ...limits.map(({ values }) => values))
    const body = await readBody(request, Math.max(...limits.map(({ bytes }) => bytes)), { mostValues })
    await turnOfLarge()
    return body
  }
  const refused = large[may.indexOf(false)] ?? ''
  return readBody(request, bodyLimit, { refusal: () => refusalOf(core, refused, caller, bodyLimit) })
}

/** Bounded: one promise, which holds none before it. */
let lastTurn: Promise<unknown> = Promise.resolve()

/** Waits until the event loop has come round since the last large body: however many come at once, others are answered in between. */
function turnOfLarge(): Promise<unknown> {
  lastTurn = lastTurn.then(() => new Promise<void>((resolve) => setImmediate(resolve)))
  return lastTurn
}

/** The error of a call that its caller may not make at all; else, that the body is too large for them. */
async function refusalOf(core: Core, action: string, caller: Caller, bodyLimit: number): Promise<DenizenError> {
  return core.checkUse(action, caller).then(
    () => bodyTooLarge({ most: bodyLimit }),
    (error: DenizenError) => error,
  )
}
