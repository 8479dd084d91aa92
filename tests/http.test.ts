import { createClient, DenizenError } from '@denizen/client'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openDatabase, type SystemDatabase } from './database.ts'
import { eventually, within } from './deadlines.ts'
import { endPrograms, startServer, type ServerProgram } from './processes.ts'
import { failureIn, send, type RawAnswer, type RawRequest } from './requests.ts'

let database: SystemDatabase
let server: ServerProgram
let token: string

beforeAll(async () => {
  database = await openDatabase()
  const admin = await database.people.asSuperadmin()
  token = admin.token
})
beforeEach(async () => {
  server = await startServer({ ...database.environment, DENIZEN_LOG_LEVEL: 'debug', DENIZEN_BODY_LIMIT: '1mb', DENIZEN_POOL_SIZE: '4' })
})
afterEach(endPrograms)
afterAll(() => database.close())

/** What must not come back in any answer: it is planted in what is sent. */
const canary = 'canary-4f1c9b'
const long = canary.repeat(75_000).slice(0, 1_000_000)

interface Hostile {
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

const hostile: readonly Hostile[] = [
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
    code: expect.stringMatching(/^request\.(unknownAction|noSuchResource)$/) as string,
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

it('answers every hostile request with a typed 4xx, writes nothing and gives nothing away', { timeout: 60_000 }, async () => {
  const before = await database.counts()
  const wrong: unknown[] = []
  for (const { what, path, request, ...meant } of hostile) {
    const headers = { ...request.headers, authorization: `Bearer ${token}` }
    const answer = await send(server.url, path, { ...request, headers })
    const seen = { status: answer.status, code: codeIn(answer), field: fieldIn(answer, meant.field), leaks: leaksIn(answer, meant.field) }
    const expected = { field: undefined, ...meant, leaks: [] }
    try {
      expect(seen).toEqual(expected)
    } catch {
      wrong.push({ what, seen, expected, text: answer.text.slice(0, 300) })
    }
  }
  expect(wrong).toEqual([])
  expect(await database.counts()).toEqual(before)
  expect(server.stderr() + server.stdout()).not.toContain(canary)
})

function codeIn(answer: RawAnswer): string {
  try {
    return failureIn(answer).code
  } catch {
    return `none in: ${answer.text.slice(0, 200)}`
  }
}

/** The field that the answer names, if it is the one that it should. */
function fieldIn(answer: RawAnswer, wanted: string | undefined): string | undefined {
  if (wanted === undefined) return undefined
  const { issues = [] } = failureIn(answer).details
  const named = issues.map(({ path }) => path)
  return named.some((path) => path === wanted || path.startsWith(wanted) || path.split('.')[0] === wanted) ? wanted : named.join(' ')
}

/** Pieces of the input, of the code or of the database in an answer; the name of the field itself may be told. */
function leaksIn({ text, headers }: RawAnswer, field: string | undefined): string[] {
  const everything = `${JSON.stringify(headers)}\n${text}`
  const told = field?.includes(canary.slice(0, 10)) === true
  const traces = [
    /node_modules/,
    /\.ts\b/,
    /\bat [\w.<>]+ \(/,
    /\bselect\b.*\bfrom\b/i,
    /SyntaxError|TypeError|ZodError|TRPCError/,
    /Unexpected (token|end)/,
  ]
  return [
    ...(everything.includes(canary) && !told ? [canary] : []),
    ...traces.filter((trace) => trace.test(everything)).map(String),
    ...(text.length > 20_000 ? ['too long'] : []),
  ]
}

it('refuses a cursor that comes from another query, or from nowhere', async () => {
  const { people } = database
  for (let count = 0; count < 3; count++) await people.newUser()
  const { users } = createClient({ url: server.url, token })
  const { nextCursor } = await users.list({ limit: 1 })
  if (nextCursor === null) throw new Error('there is a second page')
  await expect(users.list({ limit: 1, cursor: nextCursor })).resolves.toMatchObject({ items: [{}] })
  const before = await database.counts()
  const others = [
    { status: 'active', cursor: nextCursor },
    { kind: 'human', cursor: nextCursor },
    { cursor: `${nextCursor.slice(0, -4)}AAAA` },
    { cursor: canary },
  ] as const
  for (const input of others) {
    const failure = await users.list(input).then(
      () => null,
      (error: unknown) => error,
    )
    expect(failure).toMatchObject({ code: 'request.invalid', details: { issues: [{ path: 'cursor' }] } })
    expect(JSON.stringify((failure as DenizenError).details)).not.toContain(input.cursor)
  }
  expect(await database.counts()).toEqual(before)
})

describe('secrets', () => {
  it('never get into the log, even at debug level, nor into answers that are not theirs', async () => {
    const secret = `pass-${canary}-word`
    const stranger = `dnz_at_${canary.replaceAll('-', '')}${'x'.repeat(40)}`
    const anonymous = createClient({ url: server.url })
    const admin = createClient({ url: server.url, token })
    const answers: unknown[] = []
    const keep = (call: Promise<unknown>) =>
      call.then(
        (answer) => answers.push(answer),
        (error: DenizenError) => answers.push({ ...error, message: error.message }),
      )
    await keep(admin.users.create({ username: 'keeps-secrets', password: secret }))
    await keep(admin.users.create({ username: 'keeps-secrets', password: secret }, { idempotencyKey: 'again' }))
    await keep(admin.users.create({ username: 'keeps secrets', password: secret }))
    await keep(anonymous.auth.signIn({ identifier: 'keeps-secrets', password: `${secret}!` }))
    await keep(anonymous.auth.signIn({ identifier: secret, password: secret }))
    await keep(createClient({ url: server.url, token: stranger }).sessions.whoami())
    await keep(
      admin.users.import({
        format: 'keycloak',
        realm: { realm: 'r', users: [{ username: 'imported', credentials: [{ type: 'password', value: secret }] }] },
      }),
    )
    const malformed = await send(server.url, '/trpc/auth.signIn', typed(`{"json":{"identifier":"a","password":"${secret}"`))
    const inQuery = await send(server.url, `/trpc/auth.signIn?input=${encodeURIComponent(JSON.stringify({ json: { password: secret } }))}`)
    const asHeader = await send(server.url, '/trpc/sessions.whoami', {
      headers: { authorization: `Bearer ${stranger} ${secret}`, cookie: `session=${secret}`, 'x-request-id': secret },
    })
    answers.push(malformed.text, inQuery.text, asHeader.text)
    const { accessToken } = await anonymous.auth.signIn({ identifier: 'keeps-secrets', password: secret })
    expect(await createClient({ url: server.url, token: accessToken }).sessions.whoami()).toMatchObject({
      user: { username: 'keeps-secrets' },
    })

    expect(JSON.stringify(answers)).not.toContain(stranger)
    // The identifier is not repeated either: people type their password there.
    expect(JSON.stringify(answers.slice(0, -1))).not.toContain(secret)
    await server.end('SIGTERM')
    const log = server.stdout() + server.stderr()
    expect(log, 'the log works at debug level').toContain('"level":"debug"')
    for (const hidden of [secret, canary, stranger, accessToken, token]) expect(log).not.toContain(hidden)
    const [hash] = await database.rows<{ hash: string }>(
      `select p.hash from passwords p join users u on u.id = p.user_id where u.username = 'keeps-secrets'`,
    )
    expect(log).not.toContain(hash?.hash)
  })
})

describe('SIGTERM', () => {
  it('answers what is in flight, takes nothing new and exits 0', async () => {
    const gate = await database.connect()
    await gate.query('begin; lock table users in share mode')
    const { users } = createClient({ url: server.url, token })
    const inFlight = ['drains-one', 'drains-two'].map((username) => users.create({ username }))
    await eventually(5_000, 'both creates waiting in the database', async () => {
      const [row] = await database.rows<{ waiting: number }>(
        `select count(*)::int as waiting from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and query like '%insert into users%'`,
      )
      return row?.waiting === 1 || row?.waiting === 2
    })
    server.send('SIGTERM')
    await eventually(3_000, 'new requests being refused', () => isRefused(server.url))
    await expect(users.create({ username: 'comes-too-late' })).rejects.toMatchObject({ kind: 'unavailable' })
    await gate.query('commit')
    const made = await within(10_000, 'what was in flight being answered', Promise.all(inFlight))
    expect(made.map((user) => user?.username)).toEqual(['drains-one', 'drains-two'])
    expect(await within(15_000, 'the server ending', server.exit)).toEqual({ code: 0, signal: null })
    const [row] = await database.rows(`select count(*)::int as users from users where username = 'comes-too-late'`)
    expect(row).toEqual({ users: 0 })
  })
})

async function isRefused(url: string): Promise<boolean> {
  try {
    const { status } = await send(url, '/readyz')
    return status === 503
  } catch (error) {
    return error instanceof Error && 'code' in error && (error.code === 'ECONNREFUSED' || error.code === 'ECONNRESET')
  }
}
