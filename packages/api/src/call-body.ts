import type { IncomingMessage } from 'node:http'
import { signatures, type Core, type DenizenError, type Signature } from '@denizen/core'
import { declaredLength, readBody } from './body.ts'
import type { Caller } from './context.ts'
import { bodyTooLarge } from './errors.ts'
import { actionIn } from './trpc.ts'

/** Bytes that an input may take, of actions where it is more than usual. */
const inputLimits: ReadonlyMap<string, number> = new Map(
  Object.values(signatures)
    .flatMap((group) => Object.values<Signature>(group))
    .flatMap(({ name, inputLimit }) => (inputLimit === undefined ? [] : [[name, inputLimit] as const])),
)

/** Bytes; 0: no more than usual. */
function limitOf(action: string): number {
  return inputLimits.get(action) ?? 0
}

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
  const large = [...new Set(calls.map((call) => actionIn(call).action))].filter((action) => limitOf(action) > bodyLimit)
  if (large.length === 0 || declaredLength(request) <= bodyLimit) return readBody(request, bodyLimit)
  const may = await Promise.all(large.map((action) => core.mayUse(action, caller)))
  if (may.every(Boolean)) return readBody(request, Math.max(...large.map(limitOf)))
  const refused = large[may.indexOf(false)] ?? ''
  return readBody(request, bodyLimit, { refusal: () => refusalOf(core, refused, caller, bodyLimit) })
}

/** The error of a call that its caller may not make at all; else, that the body is too large for them. */
async function refusalOf(core: Core, action: string, caller: Caller, bodyLimit: number): Promise<DenizenError> {
  return core.checkUse(action, caller).then(
    () => bodyTooLarge({ most: bodyLimit }),
    (error: DenizenError) => error,
  )
}
