import { completed } from '@denizen/core'
import { describe, expect, it } from 'vitest'
import { unreadable } from './input-files.ts'
import { useServed } from './testing/served.ts'

const { served, asAdmin, terminal } = useServed()
const run = (...line: string[]) => terminal.here(line, asAdmin())
const newTag = () => `bulk${crypto.randomUUID().slice(0, 8)}`
const lines = (items: readonly (object | string)[]) =>
  items.map((item) => (typeof item === 'string' ? item : JSON.stringify(item))).join('\n')

interface Outcome {
  readonly succeeded: readonly { readonly line?: number; readonly item?: number; readonly user?: number; readonly userId: string }[]
  readonly failed: readonly { readonly line?: number; readonly who: string | null; readonly code: string }[]
}

describe('many users are made from a file', () => {
  it('of a line each: the lines that fail are told, the others are made, and it ends with 6', async () => {
    const tag = newTag()
    const text = lines([
      { username: `${tag}-a`, password: 'nobody will guess this' },
      '',
      '{"username":',
      { username: `${tag} b` },
      { email: `${tag}@example.com` },
      { username: 'a\u001b[31m' },
    ])
    const file = terminal.write(`${tag}.ndjson`, `\uFEFF${text}\n`)
    const before = await served().world.counts()
    const planned = await run('users', 'bulk-create', file, '--dry-run')
    expect([planned.code, planned.stdout]).toEqual([6, expect.stringMatching(/^ {2}2 users are added$/m)])
    // O6: with the names that the run says.
    expect(planned.stdout).toMatch(
      new RegExp(`^3 would fail:\n# +WHO[^\n]*\n3 +- +.*cli\\.notJson\n4 +${tag} b .*request\\.invalid\n6 +a\uFFFD\\[31m `, 'm'),
    )
    expect(await served().world.counts()).toEqual(before)

    const { code, stdout } = await run('users', 'bulk-create', file)
    expect(code).toBe(6)
    expect(stdout).toMatch(
      new RegExp(`^2 users created, 3 not\\.[^]*^LINE +WHO +WHY +CODE\n3 +- [^\n]*\n4 +${tag} b +[^\n]*\n6 +a\uFFFD\\[31m +`, 'm'),
    )
    const signedIn = completed(
      await served()
        .world.asAnonymous()
        .auth.signIn({ identifier: `${tag}-a`, password: 'nobody will guess this' }),
    )
    expect(signedIn.user.username).toBe(`${tag}-a`)

    const again = await run('users', 'bulk-create', file, '--json')
    expect([again.code, again.json<Outcome>().failed.map(({ line, code: why }) => [line, why])]).toEqual([
      6,
      [
        [1, 'users.usernameTaken'],
        [3, 'cli.notJson'],
        [4, 'request.invalid'],
        [5, expect.stringMatching(/^users\.(email|username)Taken$/)],
        [6, 'request.invalid'],
      ],
    ])
  })

  it('of a JSON array, by items, from standard input, into an organization; repeated, it ends with 0', async () => {
    const tag = newTag()
    await run('orgs', 'create', tag)
    const input = JSON.stringify([{ username: `${tag}-a` }, { username: `${tag}-b` }], null, 2)
    const line = ['users', 'bulk-create', '-', '--org', tag, '--json']
    const made = await terminal.here(line, asAdmin(), input)
    expect([made.code, made.json<Outcome>().succeeded.map(({ item }) => item)]).toEqual([0, [1, 2]])
    expect((await run('users', 'list', '--org', tag, '--total')).stderr).toMatch(
      new RegExp(
        `^2 of 2 users\nThese are accounts that ${tag} manages, not all of its members; those: .*denizen orgs list-members ${tag}\n$`,
      ),
    )
    expect((await terminal.here(line, asAdmin(), input)).code).toBe(0)
  })

  it('in several calls when they are many, with how far it is, and a key for each', async () => {
    const tag = newTag()
    const users = Array.from({ length: 60 }, (_, index) => ({ username: `${tag}-${index}`, preferences: { ballast: 'x'.repeat(16_000) } }))
    const file = terminal.write(`${tag}.ndjson`, lines([...users, { username: 'a b' }]))
    const line = ['users', 'bulk-create', file, '--ndjson', '--idempotency-key', tag]
    const { code, stdout, stderr } = await run(...line)
    expect(code).toBe(6)
    const steps = [...stderr.matchAll(/^Creating users: (\d+) of 61$/gm)].map(([, done]) => Number(done))
    expect(steps.length).toBeGreaterThan(1)
    expect(steps.at(-1)).toBe(61)
    const told = stdout
      .trimEnd()
      .split('\n')
      .map((item) => JSON.parse(item) as { line: number })
    expect(told.map((item) => item.line)).toEqual(Array.from({ length: 61 }, (_, index) => index + 1))
    expect((await run(...line)).stdout).toBe(stdout)
  })

  it.each([
    ['', 'is empty', 2],
    ['\n \n', 'is empty', 2],
    ['[]', 'is empty', 2],
    ['# Users', 'is not JSON', 2],
    ['[{"username":"a"},', 'is not JSON', 2],
    ['{"username":"a b"}', '0 users created, 1 not', 1],
    ['7\n', '0 users created, 1 not', 1],
    ['{"username":"a-b"}\n{"__proto__":1}\n[{"constructor":{}}]', 'The key "constructor" is reserved.', 6],
    ['[{"username":"c-d"},{"preferences":{"prototype":1}}]', 'The key "prototype" is reserved.', 6],
    ['[{"username":"a"},{"username":"b"', 'it ends in the middle', 2],
    ['[{"username":"a"} {"username":"b"}]', 'it breaks at', 2],
    ['{\n  "username": "a"\n}', 'is one JSON object, not a list', 2],
    ['{\n  "users": [\n1\n]\n}', 'jq .users', 2],
  ])('that holds %j: %s', async (content, told, exitCode) => {
    const { code, stdout, stderr } = await run('users', 'bulk-create', terminal.write('odd.json', content))
    expect(code).toBe(exitCode)
    expect(stdout + stderr).toContain(told)
    if (exitCode === 2) expect(stderr).toMatch(/next: .*JSON/)
  })
})

describe('Found by a stranger: a file that is something else is called what it is, with a next step', () => {
  const realm = { realm: 'r', users: [{ username: 'a' }] }
  const importing = (file: string) => ['users', 'import-records', file, '--source', 'shop']

  it.each([JSON.stringify(realm), JSON.stringify(realm, null, 2), JSON.stringify([realm])])('a realm of Keycloak: %j', async (content) => {
    const file = terminal.write('odd.json', content)
    for (const line of [['users', 'bulk-create', file], importing(file)]) {
      const { code, stderr } = await run(...line)
      expect([code, stderr]).toEqual([
        2,
        expect.stringMatching(/is a realm of Keycloak[^]*next: .*denizen users import \S+odd\.json --dry-run\n/),
      ])
    }
  })

  it.each([
    [
      'Latin-1',
      Buffer.from('{"username":"a"}\n{"username":"jürg"}', 'latin1'),
      /not UTF-8: see line 2\.[^]*next: .*iconv -f latin1 -t utf-8 \S+ > utf8-odd\.json/,
    ],
    ['UTF-16', Buffer.from('\uFEFF{"username":"jürg"}', 'utf16le'), /not UTF-8: it is UTF-16\.[^]*next: .*iconv -f utf-16 -t utf-8/],
  ])('%s', async (_, bytes, told) => {
    const file = terminal.write('odd.json', bytes)
    for (const line of [['users', 'bulk-create', file], ['users', 'import', file], importing(file), ['access', 'plan', file]])
      expect(await run(...line)).toMatchObject({ code: 2, stderr: expect.stringMatching(told) })
    for (const line of [importing('-'), ['users', 'bulk-archive', '-', '--yes'], ['call', 'users.find', '--input', '-']])
      expect(await terminal.here(line, asAdmin(), bytes)).toMatchObject({
        code: 2,
        stderr: expect.stringMatching(/^error: Standard input is not UTF-8[^]*next: .*iconv/),
      })
  })

  it('a directory, what may not be read, and nothing at all', async () => {
    expect((await run('users', 'bulk-create', terminal.home)).stderr).toMatch(
      /is a directory, where a file is needed\.[^]*next: .*Name a file/,
    )
    expect((await run('users', 'bulk-create', '/none/at/all')).stderr).toMatch(/There is no file[^]*next: /)
    expect(unreadable('users.json', Object.assign(new Error('no'), { code: 'EACCES' }))).toMatchObject({
      message: 'You may not read users.json.',
      details: { next: 'See who may: ls -ld users.json' },
    })
  })
})

it('Found by a reviewer: a file that has no end is left where it is too large, and not read until the memory is full', async () => {
  const { code, stderr } = await run('users', 'bulk-create', '/dev/zero')
  expect([code, stderr]).toEqual([2, 'error: /dev/zero is larger than 512 MiB.\nnext:  Split it, and give the parts one after another.\n'])
  expect(process.memoryUsage().rss).toBeLessThan(3 * 2 ** 30)
})

describe('many users are changed', () => {
  async function some(count: number) {
    const tag = newTag()
    const names = Array.from({ length: count }, (_, index) => `${tag}-${index}`)
    await run('users', 'bulk-create', terminal.write(`${tag}.json`, JSON.stringify(names.map((username) => ({ username })))))
    return { tag, names }
  }

  it('by name: those who are not there are told, the others changed', async () => {
    const { names } = await some(3)
    const line = ['users', 'bulk-update', ...names, 'ghost', '--timezone', 'Europe/London', '--no-is-bot']
    const planned = await run(...line, '--dry-run')
    expect([planned.code, planned.stdout]).toEqual([
      6,
      expect.stringMatching(/^ {2}3 users are changed$[^]*^1 would fail:\n# +WHO[^\n]*\n4 +ghost +There is no user "ghost"\./m),
    ])
    const unasked = await run(...line)
    expect([unasked.code, unasked.stderr]).toEqual([2, expect.stringContaining('Change 4 users?')])
    const { code, stdout } = await run(...line, '--yes')
    expect([code, stdout]).toEqual([6, expect.stringMatching(/^3 users changed, 1 not\.[^]*^4 +ghost +There is no user "ghost"\./m)])
    expect((await run('users', 'get', names[2] ?? '')).stdout).toMatch(/^time zone +Europe\/London$/m)
    expect((await run('users', 'bulk-update', 'ghost', '--locale', 'de', '--yes')).code).toBe(1)
  })

  it('Found by a reviewer: an id of something else, or a broken one, is told in its place and does not stop the others', async () => {
    const { tag, names } = await some(3)
    const [one = '', two = '', three = ''] = names
    const made = await run('orgs', 'create', tag, '--json')
    const { id } = made.json<{ id: string }>()
    const line = ['users', 'bulk-update', one, id, two, 'usr_bad', three, '--locale', 'de']
    const rows = new RegExp(
      `^2 +${id} +"${id}" is the id of an organization; a user is wanted here\\.[^\n]*\n4 +usr_bad +There is no user "usr_bad"\\.`,
      'm',
    )
    const planned = await run(...line, '--dry-run')
    expect([planned.code, planned.stdout]).toEqual([6, expect.stringMatching(/^ {2}3 users are changed$/m)])
    expect(planned.stdout).toMatch(rows)
    const { code, stdout } = await run(...line, '--yes')
    expect([code, stdout]).toEqual([6, expect.stringMatching(/^3 users changed, 2 not\.$/m)])
    expect(stdout).toMatch(rows)
    expect((await run('users', 'get', three)).stdout).toMatch(/^locale +de$/m)
  })

  it('by what they have in common, or as another command lists them', async () => {
    const { tag, names } = await some(3)
    const filter = JSON.stringify({ username: { startsWith: tag } })
    const asked = await run('users', 'bulk-archive', '--filter', filter)
    expect([asked.code, asked.stderr]).toEqual([2, expect.stringContaining('Archive 3 users?')])
    const { stdout: listed } = await run('users', 'list', '--where', filter, '--limit', '2', '--ndjson')
    const piped = await terminal.here(['users', 'bulk-archive', '-', '--yes', '--json'], asAdmin(), `${listed}\n`)
    expect([piped.code, piped.json()]).toMatchObject([0, { succeeded: [{ user: 1 }, { user: 2 }], failed: [], sessionsEnded: 0 }])
    const rest = await run(
      'users',
      'bulk-archive',
      '--filter',
      JSON.stringify({ and: [JSON.parse(filter), { not: { status: 'archived' } }] }),
      '--reason',
      'done',
      '--yes',
    )
    expect([rest.code, rest.stdout]).toEqual([0, expect.stringMatching(/^1 user archived\.$/m)])
    expect((await run('users', 'count', '--where', JSON.stringify({ id: await idsOf(names), status: 'archived' }))).stdout).toBe('3\n')
  })

  const idsOf = async (names: readonly string[]) =>
    Promise.all(names.map(async (identifier) => (await served().admin.as.users.find({ identifier }))?.id))

  it.each([
    [['users', 'bulk-update', 'ada'], 'Name something to change.'],
    [['users', 'bulk-archive'], 'Either name users (<user>) or select them'],
    [['users', 'bulk-archive', 'ada', '--filter', '{"status":"active"}'], 'Either name users (<user>) or select them'],
    [['users', 'bulk-archive', '--filter', '[]'], 'has to be a JSON object'],
    [['users', 'bulk-archive', '--filter', '{}', '--yes'], 'a --filter with at least one condition'],
  ])('is refused when it is not clear who or what: %j', async (line, told) => {
    const { code, stderr } = await run(...line)
    expect([code, stderr]).toEqual([2, expect.stringContaining(told)])
  })
})
