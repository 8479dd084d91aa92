import { DenizenError } from '@denizen/core/contract'
import type { Input } from './cases.ts'
import type { Caller, Cast } from './cast.ts'
import type { Call } from './surroundings.ts'

/** What a caller is told, as text. */
export async function told(call: Call, name: string, input: Input, caller: Caller): Promise<string> {
  try {
    return JSON.stringify({ answer: await call(name, input, caller) })
  } catch (error) {
    if (!(error instanceof DenizenError)) throw error
    const { code, kind, message, details } = error
    return JSON.stringify({ error: { code, kind, message, details } })
  }
}

/** What gives another organization away in a text. */
export function canariesIn(text: string, canaries: readonly string[]): string[] {
  const lowered = text.toLowerCase()
  return canaries.filter((canary) => lowered.includes(canary))
}

/** Whether two answers are the same, but for what the caller said themselves. */
export function saysTheSame(one: string, other: string, cast: Cast): boolean {
  return one === other || nameless(one, cast) === nameless(other, cast)
}

function nameless(text: string, { foreign, unknown }: Cast): string {
  const said = [foreign, unknown].flatMap((things) => Object.values(things).flat())
  return said.reduce(
    (rest, thing) => rest.replaceAll(JSON.stringify(thing), '"…"'),
    // Cursors and signed tokens are other ones each time, and so is until now (`to`); when somebody was seen is written a while later.
    text.replaceAll(/"(nextCursor|lastSeenAt|to)":"[^"]+"/g, '"$1":"…"').replaceAll(/"eyJ[\w.-]+","expiresAt":"[^"]+"/g, '"…"'),
  )
}
