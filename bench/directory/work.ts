import type { Request, RequestSource } from '../connection.ts'
import { mix, personAt } from './people.ts'

/** What is asked of a list of users, of both products where both can do it. */
export interface Work {
  readonly name: string
  readonly denizen: RequestSource
  /** null: better-auth has nothing like it. */
  readonly betterAuth: RequestSource | null
  /** At least so many times better-auth's rate (PERFORMANCE.md). */
  readonly ratio?: number
  /** At most so many milliseconds for 99 of 100 answers (PERFORMANCE.md). */
  readonly p99?: number
}

export interface Place {
  readonly users: number
  readonly now: Date
  readonly denizenToken: string
  readonly betterAuthToken: string
  /** Where the page begins that has nine tenths of the users before it. */
  readonly cursor: string
}

/** Everything that is measured on a list of so many users. */
export function worksOf(place: Place): readonly Work[] {
  return [...listing(place), ...searching(place), ...counting(place)]
}

function listing(place: Place): readonly Work[] {
  const { users, cursor } = place
  const list = (input: object, holds: string) => denizen(place, 'users.list', () => [{ limit: 50, total: true, ...input }, holds])
  const listTheirs = (query: string, holds: string) => betterAuth(place, () => [`limit=50&${query}`, holds])
  const newest = 'sortBy=createdAt&sortDirection=desc'
  return [
    {
      name: 'first page, newest first, with total',
      denizen: list({}, personAt(users - 1, users, place.now).email),
      betterAuth: listTheirs(newest, personAt(users - 1, users, place.now).email),
      ratio: 500,
    },
    {
      name: 'page at 90 %, newest first, with total',
      denizen: list({ cursor }, '"items":[{'),
      betterAuth: listTheirs(`${newest}&offset=${Math.floor(users * 0.9)}`, '"users":[{'),
      ratio: 500,
    },
    {
      name: 'suspended, by email address, with total',
      denizen: list({ status: 'suspended', sortBy: 'email' }, `"total":${Math.floor(users / 1000)}`),
      betterAuth: listTheirs('filterField=banned&filterOperator=eq&filterValue=true&sortBy=email&sortDirection=asc', '"users":[{'),
    },
  ]
}

function searching(place: Place): readonly Work[] {
  const { users } = place
  return [
    {
      name: 'search by a rare part',
      ...search(place, (number) => `${personAt(number, users, place.now).username.slice(-10)}@`),
      ratio: 300,
      p99: 20,
    },
    { name: 'search by a very common part', ...search(place, () => 'company'), p99: 20 },
    {
      name: 'search by the beginning of an address',
      ...search(place, (number) => personAt(number, users, place.now).email.slice(0, 12), 'starts_with'),
      p99: 20,
    },
    {
      name: 'search by two letters',
      ...search(place, (number) => personAt(number, users, place.now).email.slice(0, 2), 'starts_with'),
      p99: 50,
    },
    {
      name: 'search by a misspelt name',
      denizen: denizen(place, 'users.search', (number) => [
        { query: misspelt(personAt(number, users, place.now).fullName), limit: 50 },
        '"items":[',
      ]),
      betterAuth: null,
      p99: 20,
    },
    {
      name: 'search for nobody',
      denizen: denizen(place, 'users.search', (number) => [{ query: `qqxjz${number}`, limit: 50 }, '"items":[']),
      betterAuth: betterAuth(place, (number) => [
        `limit=50&searchField=email&searchOperator=contains&searchValue=qqxjz${number}`,
        '"users":[]',
      ]),
      p99: 20,
    },
  ]
}

function counting(place: Place): readonly Work[] {
  const { users } = place
  return [
    {
      name: 'count',
      denizen: denizen(place, 'users.count', () => [{}, `"count":${users + 1}`]),
      betterAuth: betterAuth(place, () => ['limit=1', `"total":${users + 1}`]),
      p99: 50,
    },
    {
      name: 'statistics',
      denizen: denizen(place, 'users.stats', () => [{}, `"total":${users + 1}`]),
      betterAuth: null,
      p99: 50,
    },
  ]
}

function search(place: Place, textOf: (number: number) => string, operator = 'contains') {
  return {
    denizen: denizen(place, 'users.search', (number) => [{ query: textOf(number), limit: 50 }, '"items":[{']),
    betterAuth: betterAuth(place, (number) => [
      `limit=50&searchField=email&searchOperator=${operator}&searchValue=${encodeURIComponent(textOf(number))}`,
      '"users":[{',
    ]),
  }
}

/** Two letters in the wrong order, as fast fingers type them. */
function misspelt(name: string): string {
  const at = name.length - 4
  return name.slice(0, at) + (name[at + 1] ?? '') + (name[at] ?? '') + name.slice(at + 2)
}

function denizen(
  { users, denizenToken }: Place,
  action: string,
  asked: (number: number) => readonly [input: object, holds: string],
): RequestSource {
  return numbered(users, (number) => {
    const [input, fragment] = asked(number)
    return request(`/trpc/${action}?input=${encodeURIComponent(JSON.stringify({ json: input }))}`, denizenToken, fragment)
  })
}

function betterAuth({ users, betterAuthToken }: Place, asked: (number: number) => readonly [query: string, holds: string]): RequestSource {
  return numbered(users, (number) => {
    const [query, fragment] = asked(number)
    return request(`/api/auth/admin/list-users?${query}`, betterAuthToken, fragment)
  })
}

function request(path: string, token: string, fragment: string): Request {
  return { text: `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ${token}\r\n\r\n`, fragment }
}

/** Each time about somebody else, the same people in every run. */
function numbered(users: number, requestOf: (number: number) => Request): RequestSource {
  let next = 0
  return () => requestOf(mix(++next) % users)
}
