import { createClient, type DenizenError } from '@denizen/client'
import { expect, it } from 'vitest'
import { canary, hostile } from './hostile-requests.ts'
import { failureIn, send, type RawAnswer } from './requests.ts'
import { useServedInstallation } from './set-up.ts'

const served = useServedInstallation({ DENIZEN_LOG_LEVEL: 'debug', DENIZEN_BODY_LIMIT: '1mb', DENIZEN_POOL_SIZE: '4' })

it.each(hostile)('refuses $what', async ({ what: _, path, request, ...meant }) => {
  const { database, server, admin } = served()
  const before = await database.counts()
  const answer = await send(server.url, path, { ...request, headers: { ...request.headers, authorization: `Bearer ${admin.token}` } })
  const seen = { status: answer.status, code: codeIn(answer), field: fieldIn(answer, meant.field), leaks: leaksIn(answer, meant.field) }
  expect(seen, `${answer.text.slice(0, 300)}`).toEqual({ field: undefined, ...meant, leaks: [] })
  expect(await database.counts()).toEqual(before)
  const log = server.stdout() + server.stderr()
  expect(log).not.toContain(canary)
  expect(log).not.toContain('"level":"error"')
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
  const { database, server, admin } = served()
  const { people } = database
  for (let count = 0; count < 3; count++) await people.newUser()
  const { users } = createClient({ url: server.url, token: admin.token })
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
