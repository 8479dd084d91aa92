import type { IncomingMessage } from 'node:http'
import { html, type Core, type DenizenError, type DenizenErrorCode, type Html } from '@denizen/core'
import type { Answer } from '../answer.ts'
import { readBody } from '../body.ts'
import { errorHeaders, httpErrorOf, methodNotAllowed, toDomainError } from '../errors.ts'
import { homeFrom, notice } from './layout.ts'

/** A request for a page. */
export interface PageRequest {
  readonly request: IncomingMessage
  readonly search: string
  readonly requestId: string
}

/** Bytes. Many times what the longest password, names and token take, percent-encoded. */
const longestForm = 32 * 1024

/** The fields of the form that a page sent; null: the client left before it was complete. */
export async function readForm(request: IncomingMessage, limit = longestForm): Promise<URLSearchParams | null> {
  const body = await readBody(request, limit, { mediaType: 'application/x-www-form-urlencoded' })
  return body === null ? null : new URLSearchParams(body)
}

/** Makes the page that tells of an error. */
type Failure = (error: DenizenError, requestId: string) => Answer | Promise<Answer>

/** Answers with a page also when the work fails: people at a browser are not shown JSON. */
export async function answerPage(
  { requestId }: Pick<PageRequest, 'requestId'>,
  core: Core,
  work: () => Promise<Answer | null>,
  failure: Failure = failurePage,
): Promise<Answer | null> {
  try {
    return await work()
  } catch (thrown) {
    const error = toDomainError(thrown, { path: undefined, requestId })
    if (error.kind === 'internal' && error !== thrown) core.ports.logger.error('a page failed unexpectedly', { requestId, error: thrown })
    return await failure(error, requestId)
  }
}

/** A page with a form. */
export interface FormPage {
  /** The page before anything is done, by the query of its address. Consumes nothing: programs that look into mails follow links too. */
  show(query: URLSearchParams): Answer | Promise<Answer>
  /** Does what the form asks for. Left out where the page has none. */
  act?: ((fields: URLSearchParams) => Promise<Answer>) | undefined
}

/** Answers for a page with a form: GET shows it, POST acts. */
export function answerForm(asked: PageRequest, core: Core, { show, act }: FormPage, failure?: Failure): Promise<Answer | null> {
  const { request, search } = asked
  const { method = '' } = request
  const work = async (): Promise<Answer | null> => {
    if (method === 'GET' || method === 'HEAD') return show(new URLSearchParams(search))
    if (method !== 'POST' || act === undefined) {
      const allowed = ['GET', 'HEAD', ...(act === undefined ? [] : ['POST'])]
      throw methodNotAllowed({ method, allowed })
    }
    const fields = await readForm(request)
    return fields === null ? null : act(fields)
  }
  return answerPage(asked, core, work, failure)
}

/** Headings of pages that tell of an error, by its code. */
export type Titles = Readonly<Partial<Record<DenizenErrorCode, string>>>

/** What a page that tells of an error says. */
export interface Wording {
  readonly titles?: Titles
  /** What is certain even after an internal error: 'Nothing was changed'. */
  readonly assurance?: string
  /** What to do next, below the message; by default a link to the first page. */
  readonly onward?: readonly Html[]
  /** Of the page, from which the first page is found. */
  readonly url?: string | undefined
}

/** The page that tells of an error: nobody is left on it without a way on. */
export function failurePage(error: DenizenError, requestId: string, wording: Wording = {}): Answer {
  const { titles = {}, assurance = '', url } = wording
  const firstPage = url === undefined ? [] : [html`<a class="main" href="${homeFrom(url)}">Go to the first page</a>`]
  const onward = wording.onward === undefined || wording.onward.length === 0 ? firstPage : wording.onward
  const { status } = httpErrorOf(error)
  const again = assurance === '' ? 'Please try again later.' : `${assurance}. Please try again later.`
  const answer =
    error.kind === 'internal'
      ? notice(status, 'Something went wrong', `This is our fault, and it is in our log as ${requestId}. ${again}`, ...onward)
      : notice(status, titles[error.code] ?? 'This did not work', error.message, ...onward)
  return { ...answer, headers: [...(answer.headers ?? []), ...errorHeaders(error, 'none')] }
}
