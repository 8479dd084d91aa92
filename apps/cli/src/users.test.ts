import { completed } from '@denizen/core'
import { describe, expect, it } from 'vitest'
import { useServed } from './testing/served.ts'

const { served, asAdmin, terminal } = useServed()

interface User {
  readonly id: string
  readonly username: string
  readonly displayName: string | null
  readonly status: string
  readonly version: number
}

const newName = () => `cli-${crypto.randomUUID()}`
const run = (line: readonly string[], input = '') => terminal.here(line, asAdmin(), input)

async function made(...more: string[]): Promise<User> {
  return (await run(['users', 'create', '--username', newName(), '--json', ...more])).json<User>()
}

describe('users', () => {
  it('O12: --columns names what a list shows, and what is no column is told with those there are', async () => {
    const { stdout } = await terminal.here(['users', 'list', '--columns', 'id,username'], asAdmin())
    expect(stdout.split('\n')[0]).toMatch(/^ID +USERNAME$/)
    const wrong = await terminal.here(['users', 'list', '--columns', 'nope'], asAdmin())
    expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringMatching(/no column "nope"[^]*username, email/)])
  })

  it('are made, shown, found, changed and suspended', async () => {
    const username = newName()
    const created = await run([
      'users',
      'create',
      '--username',
      username,
      '--email',
      `${username}@example.com`,
      '--full-name',
      'Ada Lovelace',
    ])
    expect([created.code, created.stderr]).toEqual([0, ''])
    expect(created.stdout).toMatch(new RegExp(`^username +${username}$`, 'm'))
    expect(created.stdout).toMatch(/^email .*\(not verified\)$/m)

    const found = (await run(['users', 'find', `${username}@example.com`, '--json'])).json<User>()
    const [byName, byId] = [await run(['users', 'get', username, '--json']), await run(['users', 'get', found.id, '--json'])]
    expect([byName.json(), byId.json()]).toEqual([found, found])

    const changed = await run(['users', 'update', username, '--display-name', 'Ada', '--clear', 'full-name', '--version', '1', '--json'])
    expect(changed.json()).toMatchObject({ displayName: 'Ada', fullName: null, version: 2 })

    const suspended = await run(['users', 'set-status', username, 'suspended', '--reason', 'lost laptop', '--yes'])
    expect([suspended.code, suspended.stdout]).toEqual([0, expect.stringMatching(/^status +suspended$/m)])
    expect((await run(['users', 'get', username])).stdout).toMatch(/^status +suspended: lost laptop$/m)
  })

  it('get a password from standard input, and sign in with it', async () => {
    const secret = 'a password nobody knows'
    const { username } = (await run(['users', 'create', '--username', newName(), '--password-stdin', '--json'], `${secret}\n`)).json<User>()
    const signedIn = completed(await served().world.asAnonymous().auth.signIn({ identifier: username, password: secret }))
    expect(signedIn.user.username).toBe(username)
  })

  it.each([
    ['request.notFound', 3, ['users', 'get', 'nobody'], 'denizen users list'],
    ['request.notFound', 3, ['users', 'find', 'nobody'], 'denizen users list'],
    ['request.invalid', 2, ['users', 'get', 'usr_1'], ''],
    ['request.invalid', 2, ['users', 'create', '--username', 'a b', '--email', 'nowhere'], '  --email: '],
    ['request.unauthenticated', 4, ['users', 'list'], 'unset DENIZEN_TOKEN'],
    ['request.denied', 4, ['users', 'list'], 'Sign in as somebody who may'],
    ['request.denied', 4, ['users', 'get', 'nobody'], 'To find the user "nobody" by name you need the permission users.find'],
  ])('that cannot be: %s ends with %i', async (code, exitCode, line, told) => {
    const env = { ...asAdmin() }
    if (exitCode === 4) env['DENIZEN_TOKEN'] = code === 'request.denied' ? served().stranger.token : 'none'
    const [text, json] = [await terminal.here(line, env), await terminal.here([...line, '--json'], env)]
    expect([text.code, json.code, text.stdout, json.stdout]).toEqual([exitCode, exitCode, '', ''])
    expect(text.stderr).toContain(`(${code})`)
    expect(text.stderr).toContain(told)
    expect(json.failure().code).toBe(code)
  })

  it('end with 5 where two wanted the same', async () => {
    const { username } = await made()
    await run(['users', 'update', username, '--full-name', 'first'])
    const taken = await run(['users', 'create', '--username', username, '--json'])
    const stale = await run(['users', 'update', username, '--full-name', 'second', '--version', '1', '--json'])
    expect([taken.code, taken.failure().code]).toEqual([5, 'users.usernameTaken'])
    expect([stale.code, stale.failure()]).toMatchObject([5, { code: 'request.versionConflict', details: { expected: 1, current: 2 } }])
    expect((await run(['users', 'get', username])).stdout).toMatch(/^full name +first$/m)
  })

  it('are made once for one idempotency key', async () => {
    const line = ['users', 'create', '--username', newName(), '--idempotency-key', newName(), '--json']
    const first = await run(line)
    expect([first.code, (await run(line)).stdout]).toEqual([0, first.stdout])
  })

  it('are not suspended without a yes, and a dry run counts and changes nothing', async () => {
    const { username } = await made()
    const line = ['users', 'set-status', username, 'suspended']
    const unasked = await run(line)
    expect([unasked.code, unasked.stderr]).toEqual([2, expect.stringMatching(new RegExp(`${username} to suspended[^]*--yes[^]*--dry-run`))])
    const { stdout } = await run([...line, '--dry-run'])
    expect(stdout).toMatch(/^Dry run/)
    expect(stdout).toMatch(/^ {2}1 user is changed$/m)
    expect((await run([...line, '--dry-run', '--json'])).json()).toMatchObject({ rows: { users: { updated: 1 } }, sessionsEnded: 0 })
    expect((await run(['users', 'get', username, '--json'])).json<User>().status).toBe('active')
  })
})

describe('a list of users', () => {
  it('is a table for people, JSON for programs, a line an item for others, page by page or whole', async () => {
    for (let count = 0; count < 3; count++) {
      served().world.clock.advance(1)
      await served().world.newUser()
    }
    const list = (...more: string[]) => run(['users', 'list', '--limit', '2', ...more])
    const [text, json, lines, whole] = [
      await list('--total'),
      await list('--json'),
      await list('--ndjson'),
      await list('--ndjson', '--all'),
    ]
    const { items, nextCursor } = json.json<{ items: User[]; nextCursor: string }>()
    expect(text.stdout.split('\n')).toEqual([
      expect.stringMatching(/^USERNAME +EMAIL +NAME +STATUS +KIND +CREATED +ID$/),
      ...items.map(({ username, id }) => expect.stringMatching(new RegExp(`^${username} .* ${id}$`)) as unknown),
      '',
    ])
    expect(text.stderr).toContain('There are more: --all')
    expect(text.stderr).toMatch(/^2 of \d+ users$/m)
    const read = (output: string) =>
      output
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as User)
    expect(read(lines.stdout)).toEqual(items)
    const all = read(whole.stdout)
    expect(new Set(all.map(({ id }) => id)).size).toBe(all.length)
    expect(`2 of ${all.length} users`).toBe(/2 of \d+ users/.exec(text.stderr)?.[0])
    const next = (await list('--cursor', nextCursor, '--json')).json<{ items: User[] }>()
    expect(next.items).toEqual(all.slice(2, 4))
  })

  it('shows nothing that others typed to the terminal as it is', async () => {
    const trick = 'a\u202eb\u200f'
    const { username } = await made('--preferences', '{"\\u001b[31m":"\\u009b1m"}')
    // No action lets it in any more; a row may hold it from before.
    await served().world.rows('update users set description = ? where username = ? returning id', [trick, username])
    for (const format of [[], ['--json'], ['--ndjson']]) {
      const { stdout } = await run(['users', 'get', username, ...format])
      expect(stdout).toContain('31m')
      expect(stdout).not.toMatch(/[\u001b\u009b\u202e\u200f]/)
    }
  })
})

describe('call', () => {
  it('lists every action, calls one, and completes its name', async () => {
    expect((await terminal.here(['call'])).stdout).toMatch(/^users\.setStatus +command +\S/m)
    const { username } = await made()
    const found = await run(['call', 'users.find', '--input', JSON.stringify({ identifier: username })])
    expect([found.code, found.json<User>().username]).toEqual([0, username])
  })

  it('reads an input from standard input, plans, and repeats safely', async () => {
    const input = JSON.stringify({ username: newName(), password: 'a password nobody knows' })
    const line = ['call', 'users.create', '--json', '--input', '-']
    expect((await run([...line, '--dry-run'], input)).json()).toMatchObject({
      rows: { users: { inserted: 1 }, passwords: { inserted: 1 } },
    })
    const first = await run([...line, '--idempotency-key', 'with a space'], input)
    const again = await run([...line, '--idempotency-key', 'k'], input)
    expect([first.code, first.failure().code]).toEqual([2, 'request.invalid'])
    expect(again.code).toBe(0)
    expect((await run([...line, '--idempotency-key', 'k'], input)).stdout).toBe(again.stdout)
  })

  it('tells of a wrong input field by field, as JSON', async () => {
    const { code, failure } = await run(['call', 'users.create', '--json', '--input', '{"username":"a b","\\u001b]0;":1}'])
    expect([code, failure().code]).toEqual([2, 'request.invalid'])
    expect(failure().details['issues']).toEqual(
      expect.arrayContaining([expect.objectContaining({ path: '\u001b]0;' }), expect.objectContaining({ path: 'username' })]),
    )
  })
})

it('O15: users get shows roles, organizations and second factors, and leaves out what the caller may not read; --where is documented', async () => {
  const shown = await terminal.here(['users', 'get', served().stranger.user.username], asAdmin())
  expect(shown.stdout).toMatch(/^roles +user$/m)
  expect(shown.stdout).toMatch(/^organizations +none$/m)
  expect(shown.stdout).toMatch(/^second factors +none$/m)
  const reader = await served().world.newUser()
  for (const permission of ['users.get', 'users.find'] as const) await served().world.access.give({ userId: reader.id, permission })
  const { token } = await served().world.signIn(reader)
  const less = await terminal.here(['users', 'get', served().stranger.user.username], { ...asAdmin(), DENIZEN_TOKEN: token })
  expect([less.code, less.stderr, less.stdout]).toEqual([0, '', expect.stringMatching(/^username /m)])
  expect(less.stdout).not.toMatch(/^(roles|organizations|second factors) /m)
  const help = (await terminal.here(['users', 'list', '--help'])).stdout
  expect(help).toContain('{"startsWith":"a"}')
})
