import type { RawRequest } from './requests.ts'

/** What must not come back in any answer: it is planted in what is sent. */
export const canary = 'canary-4f1c9b'
const long = canary.repeat(75_000).slice(0, 1_000_000)

/** A request that means harm, or makes no sense, and how it is refused. */
export interface Hostile {
  readonly what: string
  readonly status: number
  readonly code: string
  /** The field that the answer names. */
  readonly field?: string
  readonly path: string
  readonly request: RawRequest
}

const typed = (body: string): RawRequest => ({ method: 'POST', headers: { 'content-type': 'application/json' }, body })
const raw = (input: string): RawRequest => typed(`{"json":${input}}`)
const post = (input: unknown): RawRequest => raw(JSON.stringify(input))
const get = (name: string, input: unknown) => `/trpc/${name}?input=${encodeURIComponent(JSON.stringify({ json: input }))}`
const nested = (depth: number) => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`

const invalid = { status: 400, code: 'request.invalid' } as const
const create = '/trpc/users.create'

export const hostile: readonly Hostile[] = [
  { what: 'an unknown field', ...invalid, field: 'isAdmin', path: create, request: post({ email: 'a@example.com', isAdmin: canary }) },
  { what: 'a server-only field', ...invalid, field: 'status', path: create, request: post({ email: 'a@example.com', status: 'active' }) },
  {
    what: 'an id of the wrong kind',
    ...invalid,
    field: 'userId',
    path: get('users.get', { userId: 'ses_01h455vb4pex5vsknk084sn02q' }),
    request: {},
  },
  { what: 'an id that is none', ...invalid, field: 'userId', path: get('users.get', { userId: `${canary}' or 1=1 --` }), request: {} },
  { what: 'an email of 1 MB', ...invalid, field: 'email', path: create, request: post({ email: `${long.slice(0, 900_000)}@example.com` }) },
  {
    what: 'a name of 1 MB',
    ...invalid,
    field: 'fullName',
    path: create,
    request: post({ email: 'a@example.com', fullName: long.slice(0, 900_000) }),
  },
  {
    what: 'a password of 1 MB',
    ...invalid,
    field: 'password',
    path: '/trpc/auth.signIn',
    request: post({ identifier: 'a', password: long.slice(0, 900_000) }),
  },
  {
    what: 'a field name of 100 kB',
    ...invalid,
    field: canary.repeat(6).slice(0, 20),
    path: create,
    request: post({ email: 'a@example.com', [canary.repeat(8_000)]: 1 }),
  },
  {
    what: 'a NUL byte in text',
    ...invalid,
    field: 'fullName',
    path: create,
    request: post({ email: 'a@example.com', fullName: `${canary}\u0000` }),
  },
  {
    what: 'a line break in a name',
    ...invalid,
    field: 'displayName',
    path: create,
    request: post({ email: 'a@example.com', displayName: `x\r\n${canary}` }),
  },
  {
    what: 'half a character',
    ...invalid,
    field: 'description',
    path: create,
    request: raw('{"email":"a@example.com","description":"\\ud800"}'),
  },
  {
    what: 'a NUL byte in JSON',
    ...invalid,
    field: 'preferences',
    path: create,
    request: post({ email: 'a@example.com', preferences: { [canary]: ['\u0000'] } }),
  },
  {
    what: 'the key constructor',
    ...invalid,
    field: 'preferences',
    path: create,
    request: post({ email: 'a@example.com', preferences: { a: { constructor: canary } } }),
  },
  {
    what: 'the key __proto__',
    ...invalid,
    field: 'preferences',
    path: create,
    request: raw(`{"email":"a@example.com","preferences":{"__proto__":{"x":"${canary}"}}}`),
  },
  {
    what: 'the key prototype',
    ...invalid,
    field: 'preferences',
    path: create,
    request: post({ email: 'a@example.com', preferences: { prototype: 1 } }),
  },
  {
    what: '__proto__ as a field',
    ...invalid,
    field: '__proto__',
    path: create,
    request: raw(`{"email":"a@example.com","__proto__":{"isAdmin":"${canary}"}}`),
  },
  {
    what: 'a key that superjson is told to follow to a prototype',
    ...invalid,
    field: '__proto__.polluted',
    path: create,
    request: typed(`{"json":{"email":"a@example.com"},"meta":{"values":{"__proto__.polluted":["Date"]}}}`),
  },
  { what: 'a username of 1 MB', ...invalid, field: 'username', path: create, request: post({ username: long.slice(0, 900_000) }) },
  {
    what: 'a realm without users that are a list',
    ...invalid,
    field: 'realm',
    path: '/trpc/users.import',
    request: post({ format: 'keycloak', realm: { realm: 'r', users: canary } }),
  },
  {
    what: 'JSON nested 40 deep',
    ...invalid,
    field: 'preferences',
    path: create,
    request: raw(`{"email":"a@example.com","preferences":${nested(40)}}`),
  },
  {
    what: 'JSON nested 100 000 deep',
    ...invalid,
    path: create,
    request: raw(`{"email":"a@example.com","preferences":${nested(100_000)}}`),
  },
  { what: 'broken JSON', ...invalid, path: create, request: typed(`{"json":{"email":"${canary}`) },
  { what: 'JSON that is no object', ...invalid, path: create, request: typed(`"${canary}"`) },
  { what: 'broken JSON in a URL', ...invalid, path: `/trpc/users.find?input=%7B${canary}`, request: {} },
  { what: 'a broken escape in a URL', ...invalid, path: `/trpc/users.find?input=%E0%A4%A${canary}`, request: {} },
  {
    what: 'bytes that are no UTF-8',
    ...invalid,
    path: create,
    request: { ...post({}), body: Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d]) },
  },
  {
    what: 'the number 1e999',
    ...invalid,
    field: 'limit',
    path: `/trpc/users.list?input=${encodeURIComponent('{"json":{"limit":1e999}}')}`,
    request: {},
  },
  { what: 'a body over the limit', status: 413, code: 'request.tooLarge', path: create, request: post({ email: long, fullName: long }) },
  {
    what: 'a form',
    status: 415,
    code: 'request.unsupportedMediaType',
    path: create,
    request: { method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: `email=${canary}` },
  },
  {
    what: 'text/plain',
    status: 415,
    code: 'request.unsupportedMediaType',
    path: create,
    request: { ...post({ email: 'a@example.com' }), headers: { 'content-type': 'text/plain' } },
  },
  {
    what: 'no content type',
    status: 415,
    code: 'request.unsupportedMediaType',
    path: create,
    request: { ...post({ email: 'a@example.com' }), headers: {} },
  },
  {
    what: 'a command by GET',
    status: 405,
    code: 'request.methodNotAllowed',
    path: get('users.create', { email: `${canary}@example.com` }),
    request: {},
  },
  { what: 'a query by POST', status: 405, code: 'request.methodNotAllowed', path: '/trpc/users.list', request: post({ limit: 1 }) },
  { what: 'PUT', status: 405, code: 'request.methodNotAllowed', path: create, request: { ...post({}), method: 'PUT' } },
  { what: 'DELETE of a resource', status: 405, code: 'request.methodNotAllowed', path: '/users/current', request: { method: 'DELETE' } },
  { what: 'an unknown field of a resource', ...invalid, field: 'isAdmin', path: `/users/current?isAdmin=${canary}`, request: {} },
  {
    what: 'a URL of 10 kB',
    status: 414,
    code: 'request.urlTooLong',
    path: `/trpc/users.find?input=${long.slice(0, 10_000)}`,
    request: {},
  },
  { what: 'an unknown action', status: 404, code: 'request.unknownAction', path: '/trpc/users.destroy', request: post({}) },
  {
    what: 'an action named like an inherited property',
    status: 404,
    code: 'request.unknownAction',
    path: '/trpc/users.constructor',
    request: {},
  },
  ...[
    '//trpc/users.list',
    '/trpc//users.list',
    '/trpc/../trpc/users.list',
    '/TRPC/users.list',
    '/trpc%2Fusers.list',
    '/trpc/users%00.list',
    '/trpc/users.list/',
    '/..%2f..%2fetc/passwd',
  ].map((path) => ({
    what: `the path ${path}`,
    status: 404,
    code: path.startsWith('/trpc/') ? 'request.unknownAction' : 'request.noSuchResource',
    path,
    request: {},
  })),
  {
    what: 'a batch over the limit',
    status: 413,
    code: 'request.batchTooLarge',
    path: `/trpc/${Array(60).fill('sessions.whoami').join(',')}?batch=1&input=%7B%7D`,
    request: {},
  },
  {
    what: 'a batch with an idempotency key',
    status: 400,
    code: 'request.notBatched',
    path: `${create},users.create?batch=1`,
    request: {
      ...typed(JSON.stringify({ 0: { json: { email: 'a@example.com' } }, 1: { json: { email: 'b@example.com' } } })),
      headers: { 'content-type': 'application/json', 'idempotency-key': 'once' },
    },
  },
]
