import { hostname } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { usageError } from './failure.ts'
import { note } from './output.ts'
import { version } from './version.ts'

type Fetch = typeof globalThis.fetch

/** The fetch for a server: it says who asks, does not wait for ever, and with `debug` shows requests. */
export function serverFetch(url: string, { debug }: { readonly debug: boolean }): Fetch {
  return named(patient(debug ? loggingFetch : globalThis.fetch, url, patience()))
}

/** The fetch that says who asks: people see it among their sessions. */
function named(fetch: Fetch): Fetch {
  const name = `denizen/${version()} (${hostname().replaceAll(/[^\w.-]/g, '')})`
  return (input, init) => {
    const headers = new Headers(init?.headers)
    headers.set('user-agent', name)
    return fetch(input, { ...init, headers })
  }
}

/** Seconds after which a silent server is given up, unless DENIZEN_TIMEOUT says otherwise. */
const usualPatience = 15

/** Seconds after which it is said that a server is silent; at most half of those after which it is given up. */
const untilRemark = 5

function patience(): number {
  const given = process.env['DENIZEN_TIMEOUT'] ?? ''
  if (given === '') return usualPatience
  if (/^[1-9]\d{0,4}$/.test(given)) return Number(given)
  throw usageError(
    `DENIZEN_TIMEOUT is "${given}", and has to be a whole number of seconds, from 1.`,
    `For example 60; without it they are ${usualPatience}: unset DENIZEN_TIMEOUT`,
  )
}

/**
 * Gives up a server that says nothing, as `AbortSignal.timeout` does. Something long may take longer (passwords for a thousand users): a
 * server that still answers another question works on it, and is waited for.
 */
function patient(fetch: Fetch, url: string, seconds: number): Fetch {
  return async (input, init) => {
    const silence = new AbortController()
    const remarkAfter = Math.min(untilRemark, seconds / 2) * 1000
    const over = new AbortController()
    const watch = async () => {
      await sleep(remarkAfter, undefined, { signal: over.signal })
      note(`${url} has not answered yet. If it stays silent, it is given up after ${seconds} s.`)
      for (let rest = seconds * 1000 - remarkAfter; await isThere(url, rest, over.signal); rest = seconds * 1000)
        await sleep(rest, undefined, { signal: over.signal })
      silence.abort(new DOMException('The server is silent.', 'TimeoutError'))
    }
    watch().catch(() => {}) // it is over
    try {
      const signals = [silence.signal, ...(init?.signal ? [init.signal] : [])]
      const answer = await fetch(input, { ...init, signal: AbortSignal.any(signals) })
      // Whole, because a server may fall silent in the middle of it.
      const body = await answer.arrayBuffer()
      return new Response(body.byteLength === 0 ? null : body, answer)
    } finally {
      over.abort()
    }
  }
}

/** Whether Denizen answers there within that time. Throws once nobody wants to know any more. */
async function isThere(url: string, milliseconds: number, over: AbortSignal): Promise<boolean> {
  const signal = AbortSignal.any([over, AbortSignal.timeout(milliseconds)])
  const answer = await fetch(`${url}/healthz`, { signal }).catch(() => null)
  over.throwIfAborted()
  await answer?.body?.cancel()
  return answer?.ok === true
}

/** Logs paths and times only, because query strings hold inputs. */
async function loggingFetch(input: string | URL | Request, init?: RequestInit): Promise<Response> {
  const started = performance.now()
  const url = new URL(input instanceof Request ? input.url : input)
  const tell = (outcome: string) =>
    note(`debug: ${init?.method ?? 'GET'} ${url.origin}${url.pathname} ${outcome} ${(performance.now() - started).toFixed(1)} ms`)
  try {
    const response = await fetch(input, init)
    tell(String(response.status))
    return response
  } catch (error) {
    tell('no answer')
    throw error
  }
}
