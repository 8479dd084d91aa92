import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { bin, Terminal } from './testing/terminal.ts'

const terminal = new Terminal()
const nowhere = { DENIZEN_URL: 'http://127.0.0.1:1' }

describe('help', () => {
  it('is shown when nothing is said, on standard output', async () => {
    const { code, stdout, stderr } = await terminal.run([]) // the real thing, once
    expect([code, stderr]).toEqual([0, ''])
    for (const command of ['serve', 'login', 'users', 'call', 'migrate', 'doctor', 'completion', 'Exit codes'])
      expect(stdout).toContain(command)
  })

  it.each([
    [['help', 'users', 'list'], 'Usage: denizen users list'],
    [['help'], 'Usage: denizen [options]'],
    [['users', 'create', '--help'], '--password-stdin'],
    [['users', 'set-status', '-h'], 'denizen users set-status ada suspended --reason'],
  ])('is found at %j', async (line, text) => {
    const { code, stdout } = await terminal.here(line)
    expect([code, stdout]).toEqual([0, expect.stringContaining(text)])
  })

  it('never offers an option that puts a secret on the command line', async () => {
    const { stdout } = await terminal.here(['users', 'create', '--help'])
    expect(stdout).not.toMatch(/--password(?!-)/)
  })
})

const mistakes: readonly (readonly [line: string[], message: string, next: string])[] = [
  [['usrs'], "unknown command 'usrs' (Did you mean users?)", 'denizen --help'],
  [['usres', 'list'], "unknown command 'usres' (Did you mean users?)", 'denizen --help'],
  [['users', 'lst'], "unknown command 'lst' (Did you mean list?)", 'denizen users --help'],
  [['help', 'users', 'lst'], 'There is no command "users lst". Did you mean list?', 'denizen users --help'],
  [['mail', '--help'], 'There is no command "mail".', 'denizen --help'],
  [['users', 'lst', '--help'], 'There is no command "users lst". Did you mean list?', 'denizen users --help'],
  [['users', 'list', '--frobnicate'], "unknown option '--frobnicate'", 'denizen users list --help'],
  [['users', 'list', '--status', 'asleep'], 'is none of active, inactive', 'denizen users list --help'],
  [['users', 'list', '--limit', 'many'], '--limit must be a whole number', ''],
  [['users', 'get'], "missing required argument 'user'", 'denizen users get --help'],
  [['users', 'update', 'ada'], 'Name something to change', 'denizen users update --help'],
  [['users', 'update', 'ada', '--version', '1'], 'Name something to change', 'denizen users update --help'],
  [['users', 'update', 'ada', '--email', 'a@b.cd', '--clear', 'email'], 'contradict each other', ''],
  [['users', 'update', 'ada', '--preferences', '{"a":'], '--preferences is not JSON', ''],
  [['users', 'create', '--username', 'ada', '--password', 'canary'], 'does not belong on the command line', '--password-stdin'],
  [['users', 'create', '--username', 'ada', '--password-prompt'], 'there is no terminal to ask', '--password-stdin'],
  [['users', 'list', '--url', 'nowhere'], '"nowhere" is not the URL of a server', '--url http://localhost:4000'],
  [['users', 'list', '--url', 'localhost:4821'], '"localhost:4821" is not the URL of a server', '--url http://localhost:4821'],
  [['users', 'list', '--url', 'http://ada:canary@127.0.0.1:1'], 'must not contain a user name or a password', 'denizen login'],
  [['users', 'list', '--url', 'http://127.0.0.1:1', '--local'], 'cannot be used with', 'denizen users list --help'],
  [['call', 'users.creat'], 'There is no action "users.creat". Did you mean users.create?', 'denizen call'],
  [['call', 'users.list', '--dry-run'], 'users.list only reads', ''],
  [['call', 'auth.signIn', '--input', '{"identifier":"a","password":"canary"}'], 'does not belong on the command line', '--input -'],
  [
    ['call', 'users.bulkCreate', '--input', '{"users":[{"username":"ada"},{"username":"bob","password":"canary"}]}'],
    'does not belong on the command line',
    '--input -',
  ],
  [['call', 'users.list', '--input', '{'], '--input is not JSON', "--input '{"],
  [['login', '--password-stdin'], 'there is no terminal to ask', '--username'],
  [['login', '--password', 'canary'], 'does not belong on the command line', '--password-stdin'],
  [['--limit', 'many', 'users', 'list'], "unknown option '--limit'", 'denizen --help'],
  [['--context', 'x', 'users', 'list'], 'There is no context "x"', 'denizen login --context x'],
  [['--context=x', '--json', 'users', 'list'], 'There is no context \\"x\\"', 'denizen login --context x'],
  [['call', 'users.find', '--json', '{"identifier":"ada"}'], 'The input stands behind --input', 'denizen call … --input'],
  [['users', 'list', '--where', 'email=ada'], '--where is not JSON', `such as --where '{"email":{"contains":`],
  [['users', 'list', '--where.email', 'ada'], `Did you mean --where '{"email":"…"}'?`, 'denizen users list --help'],
  [['users', 'list', '--where.createdAt.from=2026'], `Did you mean --where '{"createdAt":{"from":"2026"}}'?`, ''],
  [['tokens', 'create', 'x', '--lifetime-days', '-5'], '--lifetime-days: must be at least 1', 'denizen tokens create --help'],
  [['users', 'create', '--email', 'x', '--password-prompt'], '--email: not an email address', 'denizen users create --help'],
  [['users', 'create', '--email', ''], '--email: must not be empty', 'denizen users create --help'],
  [['sessions', 'get', '12'], '<session-id>: must be the id of a session (ses_…); this is none', 'denizen sessions list'],
  [['--context', 'x', 'usres', 'list'], "unknown command 'usres' (Did you mean users?)", 'denizen --help'],
  [['completion', 'tcsh'], 'is none of bash, zsh, fish', 'denizen completion --help'],
]

describe('a command line that cannot be carried out', () => {
  it.each(mistakes)('is refused with exit code 2, and says what to do: %j', async (line, message, next) => {
    const { code, stdout, stderr } = await terminal.here(line, nowhere)
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toContain(message)
    expect(stderr).toContain(next)
    expect(stderr).not.toContain('canary')
  })

  it('says so as JSON to a program', async () => {
    const { code, failure } = await terminal.here(['users', 'list', '--json', '--limit', 'many'])
    expect([code, failure()]).toMatchObject([2, { code: 'cli.usage', message: '--limit must be a whole number.' }])
  })
})

it.each(['DENIZEN_TOKN', 'DENIZEN_TOKEN_', 'DENZIEN_TOKEN'])(
  'a misspelt variable is refused, because the call would be made as somebody else: %s',
  async (name) => {
    const { code, stderr } = await terminal.here(['users', 'list'], { ...nowhere, [name]: 'canary' })
    expect([code, stderr]).toEqual([2, expect.stringContaining(`${name} is not a setting. Did you mean DENIZEN_TOKEN?`)])
    expect(stderr).not.toContain('canary')
  },
)

it('a setting of the server that is misspelt is not taken for one of the command', async () => {
  const { stderr } = await terminal.here(['users', 'list'], { ...nowhere, DENIZEN_PRT: '4000' })
  expect(stderr).not.toContain('is not a setting')
})

it('settings of a server in the environment are no business of a client', async () => {
  const { stderr } = await terminal.here(['users', 'list'], { ...nowhere, DENIZEN_PUBLIC_URL: 'x', DENIZEN_PORT: '1', DENIZEN_HOST: 'x' })
  expect(stderr).toContain('No server answers')
})

describe('what is not there', () => {
  it('is a server: exit code 1, where it was looked for, and how to start one', async () => {
    const { code, stderr } = await terminal.here(['users', 'list'], nowhere)
    expect(code).toBe(1)
    expect(stderr).toContain('No server answers at http://127.0.0.1:1.')
    expect(stderr).toMatch(/next: .*denizen serve/)
  })

  it('is a file: exit code 3, and its name', async () => {
    const { code, stderr } = await terminal.here(['users', 'import', 'gone.json'])
    expect([code, stderr]).toEqual([3, expect.stringMatching(/There is no file gone\.json\.[^]*next: /)])
  })

  it.each([['{"realm":'], ['[]'], ['{"users":[]}'], ['{"realm":"r","users":{}}']])(
    'is a realm in a file: exit code 2, and its name: %s',
    async (content) => {
      const name = terminal.write(`realm-${content.length}.json`, content)
      const { code, stderr } = await terminal.here(['users', 'import', name])
      expect([code, stderr]).toEqual([2, expect.stringContaining(`${name} is not`)])
      expect(stderr).toMatch(/next: .*kc\.sh export/)
    },
  )

  it('is a database: exit code 3, none is made, and how to make one', async () => {
    const none = `${terminal.home}/none`
    for (const line of [
      ['users', 'list', '--database', none],
      ['migrate', 'status', '--database', none],
    ]) {
      const { code, stderr } = await terminal.here(line)
      expect([code, stderr]).toEqual([3, expect.stringContaining(`There is no database in ${none}`)])
      expect(stderr).toMatch(new RegExp(`next: .*denizen migrate up --database ${none}`))
    }
    expect(() => terminal.modeOf('none')).toThrow('ENOENT')
  })
})

it('prints what was typed wrong without letting it steer the terminal', async () => {
  const { stderr } = await terminal.here(['\u001b[31mred\u009b1m'])
  expect(stderr).toContain('\uFFFD[31mred')
  expect(stderr).not.toMatch(/[\u001b\u009b]/)
})

it('ends well and quietly when nobody reads on', () => {
  const line = 'set -o pipefail; "$0" "$1" call | true'
  const { status, stderr } = spawnSync('bash', ['-c', line, process.execPath, bin], { encoding: 'utf8' })
  expect([status, stderr]).toEqual([0, ''])
})
