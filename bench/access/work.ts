import { betterAuthOrigin } from '../better-auth.ts'
import type { Request, RequestSource } from '../connection.ts'
import { hotSessions } from '../requests.ts'
import { folders, idAt, mayRead, outerFolders, resourceIn, resourcesEach, type Sizes } from './layout.ts'

/** What is asked of a server. */
export interface Work {
  readonly name: string
  readonly connections: number
  readonly requests: RequestSource
  /** Answers before it is measured: until all that is kept is kept. */
  readonly warmUpAnswers: number
  /** better-auth's nearest. */
  readonly theirs?: RequestSource
  /** At least so many times better-auth's rate (PERFORMANCE.md). */
  readonly ratio?: number
}

export interface Place {
  readonly sizes: Sizes
  readonly adminToken: string
  /** Session n is user n's, and begins again with the first where there are more of them than users. */
  readonly tokens: readonly string[]
  readonly betterAuthTokens: readonly string[]
  /** Where the page begins that has nine tenths of what the guest may read before it. */
  readonly cursor: string
}

export const permission = 'document.read'

/** Somebody who may read everything in the large organization, and is at home in another. */
export const guest = 1

export function worksOf(place: Place): readonly Work[] {
  return [...checking(place), ...listing(place)]
}

function checking(place: Place): readonly Work[] {
  const { sizes, tokens, betterAuthTokens } = place
  const hot = numbers(sizes.organizations, Math.min(hotSessions, sizes.users - sizes.organizations))
  const cold = numbers(hotSessions, tokens.length - hotSessions)
  const theirs = inTurn(betterAuthTokens.map((token, session) => hasPermission(token, session % sizes.users, sizes.organizations)))
  return [
    {
      name: 'check, cached',
      connections: 32,
      requests: inTurn(hot.map((session) => check(place, session))),
      warmUpAnswers: hot.length,
      theirs,
      ratio: 30,
    },
    { name: 'check, cold', connections: 32, requests: inTurn(cold.map((session) => check(place, session))), warmUpAnswers: 0 },
    { name: `checkMany of ${atOnce}`, connections: 1, requests: inTurn([checkMany(place)]), warmUpAnswers: 1 },
  ]
}

function listing(place: Place): readonly Work[] {
  const { sizes, tokens, adminToken, cursor } = place
  const large = { permission, organizationId: idAt('org', 0), limit: 50 }
  const own = numbers(sizes.organizations, Math.min(hotSessions, sizes.users - sizes.organizations))
  return [
    { name: 'listResources, first page of all in an organization', requests: same(tokens[guest], 'access.listResources', large) },
    { name: 'listResources, page at 90 %', requests: same(tokens[guest], 'access.listResources', { ...large, cursor }) },
    {
      name: 'listResources, by grants on resources',
      requests: inTurn(own.map((session) => get(tokens[session], 'access.listResources', { permission, limit: 50 }, '"items":[{'))),
    },
    {
      name: 'whoCan, on a document in an organization of 20',
      requests: inTurn(numbers(1, 1000).map((number) => whoCan(place, 1 + (number % (sizes.organizations - 1))))),
    },
    {
      name: `whoCan, in one of ${sizes.guestsOfLarge}, first page`,
      requests: same(adminToken, 'access.whoCan', { permission, on: { resourceId: resourceIn(sizes, 0, folders) }, limit: 50 }),
    },
  ].map((work) => ({ connections: 4, warmUpAnswers: 4, ...work }))
}

/** A member asks about something in their organization: the same as the layout says. */
function check({ sizes, tokens }: Place, session: number): Request {
  const { organization, member } = memberOf(sizes, session)
  const index = (session * 13) % resourcesEach
  const input = { permission, on: { resourceId: resourceIn(sizes, organization, index) } }
  return get(tokens[session], 'access.check', input, `"allowed":${mayRead(member, index)}`)
}

export function memberOf({ users, organizations }: Sizes, session: number) {
  const user = session % users
  return { organization: user % organizations, member: Math.floor(user / organizations) }
}

const atOnce = 10_000

/** The fifth member of the large organization asks about its first resources, some of them twice where there are not so many. */
function checkMany({ sizes, tokens }: Place): Request {
  const indexes = numbers(0, atOnce).map((number) => number % sizes.resourcesOfLarge)
  const checks = indexes.map((index) => ({ permission, on: { resourceId: resourceIn(sizes, 0, index) } }))
  const allowed = indexes.map((index) => mayRead(5, index))
  return post('/trpc/access.checkMany', { json: { checks } }, bearer(tokens[5 * sizes.organizations]), `"allowed":[${allowed.join(',')}]`)
}

function whoCan({ sizes, adminToken }: Place, organization: number): Request {
  const input = { permission, on: { resourceId: resourceIn(sizes, organization, outerFolders + (organization % 100)) }, limit: 50 }
  // Its owner may, in any case.
  return get(adminToken, 'access.whoCan', input, `"username":"user-${organization}"`)
}

function same(token: string | undefined, action: string, input: object): RequestSource {
  return inTurn([get(token, action, input, '"items":[{')])
}

/** Whether a member may add members: owners may. */
function hasPermission(token: string, user: number, organizations: number): Request {
  const body = { organizationId: `org${user % organizations}`, permissions: { member: ['create'] } }
  const fields = `Origin: ${betterAuthOrigin}\r\n${bearer(token)}`
  return post('/api/auth/organization/has-permission', body, fields, `"success":${user < organizations}`)
}

function get(token: string | undefined, action: string, input: object, fragment: string): Request {
  const path = `/trpc/${action}?input=${encodeURIComponent(JSON.stringify({ json: input }))}`
  return { text: `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n${bearer(token)}\r\n\r\n`, fragment }
}

function post(path: string, body: object, fields: string, fragment: string): Request {
  const text = JSON.stringify(body)
  const head = `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n${fields}\r\nContent-Type: application/json\r\nContent-Length: ${text.length}\r\n\r\n`
  return { text: head + text, fragment }
}

function bearer(token: string | undefined): string {
  if (token === undefined) throw new Error('There is no such session.')
  return `Authorization: Bearer ${token}`
}

function numbers(first: number, count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => first + index)
}

/** Each in turn. */
function inTurn(requests: readonly Request[]): RequestSource {
  let next = 0
  return () => {
    const request = requests[next]
    next = (next + 1) % requests.length
    if (request === undefined) throw new Error('There is nothing to ask.')
    return request
  }
}
