import { providerUnavailable } from '../identities/errors.ts'
import type { Web, WebAnswer, WebRequest } from '../ports/web.ts'

/** Milliseconds until the whole response has arrived. */
const patience = 5_000
/** Bytes; the largest providers' metadata and keys take a few KiB. */
const largestAnswer = 512 * 1024

/**
 * HTTP by `fetch`. Private addresses are allowed: an installation's own identity provider may be on one, and only providers that the operator has
 * configured are asked, at the addresses that their metadata names. docs/threat-model.md says what such a provider gets by that.
 */
export function fetchingWeb(options: { readonly patience?: number } = {}): Web {
  return {
    async ask(request) {
      const host = hostOf(request.url)
      if (host === null) throw providerUnavailable({ host: '', problem: 'only https addresses are asked' })
      try {
        return await ask(request, options.patience ?? patience)
      } catch (error) {
        throw providerUnavailable({ host, problem: 'no answer that can be used' }, error)
      }
    },
  }
}

async function ask({ url, method, headers, body }: WebRequest, milliseconds: number): Promise<WebAnswer> {
  const signal = AbortSignal.timeout(milliseconds)
  const response = await fetch(url, { method, headers, redirect: 'error', signal, ...(body !== undefined && { body }) })
  return { status: response.status, body: await textOf(response) }
}

async function textOf(response: Response): Promise<string> {
  const decoder = new TextDecoder()
  let [text, size] = ['', 0]
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    size += chunk.length
    if (size > largestAnswer) throw new RangeError(`the answer is larger than ${largestAnswer} bytes`)
    text += decoder.decode(chunk, { stream: true })
  }
  return text + decoder.decode()
}

/** The host of a URL that may be requested; null: it may not. Without TLS only this machine. */
function hostOf(url: string): string | null {
  if (!URL.canParse(url)) return null
  const { protocol, hostname, host, username, password } = new URL(url)
  const isHere = ['localhost', '127.0.0.1', '[::1]'].includes(hostname)
  if (username !== '' || password !== '') return null
  return protocol === 'https:' || (protocol === 'http:' && isHere) ? host : null
}
