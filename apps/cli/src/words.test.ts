import { DenizenError } from '@denizen/core/calls'
import { describe, expect, it } from 'vitest'
import { createProgram } from './program.ts'
import { closest } from './suggestion.ts'
import { useServed } from './testing/served.ts'
import { inWordsOf } from './words.ts'

const { served, asAdmin, terminal } = useServed()
const run = (...line: string[]) => terminal.here(line, asAdmin())
const [usr, team] = ['usr', 'team'].map((prefix) => `${prefix}_${'0'.repeat(26)}`) as [string, string]

describe('O11: did you mean', () => {
  it.each([
    ['delete', ['demote', 'get', 'list'], null],
    ['unarchive', ['archive', 'restore'], null],
    ['reactivate-role', ['deactivate-role', 'activate-role'], null],
    ['assign-rol', ['unassign-role', 'assign-role'], 'assign-role'],
    ['archve', ['archive'], 'archive'],
    ['promot', ['promote', 'demote'], 'promote'],
    ['lst', ['list', 'get'], 'list'],
  ])('%s of %j is %s: never the opposite, never far from what takes something away', (typed, candidates, meant) => {
    expect(closest(typed, candidates)).toBe(meant)
  })

  it('is said of options too', async () => {
    expect((await run('users', 'list', '--totl')).stderr).toContain("unknown option '--totl' (Did you mean --total?)")
  })
})

describe('O11: other names', () => {
  it.each([
    [['user', 'view', '--help'], 'denizen users get|view'],
    [['users', 'rm', '--help'], 'archive'],
    [['org', 'ls', '--help'], 'denizen orgs list|ls'],
    [['organizations', 'edit', '--help'], 'update'],
    [['roles', 'rm', '--help'], 'delete|rm'],
    [['help', 'organization', 'show'], 'get'],
  ])('%j is the command that people mean', async (line, usage) => {
    const { code, stdout } = await terminal.here(line)
    expect([code, stdout.split('\n')[0]]).toEqual([0, expect.stringContaining(usage)])
  })

  it('what takes something away asks under every name', async () => {
    const { user } = await served().world.signUp()
    for (const verb of ['rm', 'delete', 'archive'])
      expect((await run('users', verb, user.username)).stderr).toContain('There is no terminal to ask on')
  })
})

describe('O11: a dry run', () => {
  it.each([
    [['users', 'archive'], true],
    [['password', 'change'], false],
    [['tokens', 'create'], false],
    [['factors', 'regenerate-recovery-codes'], false],
  ])('of %j is offered: %s', async (line, offered) => {
    const { stdout } = await terminal.here([...line, '--help'])
    expect(stdout.includes('--dry-run')).toBe(offered)
  })

  it('is refused with the reason where it is asked for all the same', async () => {
    const { code, stderr } = await run('factors', 'regenerate-recovery-codes', '--dry-run')
    expect([code, stderr]).toEqual([2, expect.stringContaining('request.notPlannable')])
    expect((await run('tokens', 'create', 'backup')).stderr).toContain('Add --yes to go ahead.')
  })
})

describe('O11: errors', () => {
  it('say fields and actions as they are typed', async () => {
    const { stderr } = await run('users', 'list', '--sort-by', 'username', '--limit', '0')
    expect(stderr).toContain('error: --limit: ')
    const where = await run('users', 'list', '--where', '{"nope":1}')
    expect(where.stderr).toContain('--where.nope')
    expect(where.stderr).toMatch(/next: .*denizen users list --help/)
    expect((await run('users', 'list', '--where', '{"emial":"x"}')).stderr).toContain(
      '--where.emial: there is no such field; did you mean email?',
    )
    const program = createProgram()
    const policies = program.commands.find((command) => command.name() === 'policies')
    const command = policies?.commands.find((child) => child.name() === 'delete')
    if (command === undefined) throw new Error('there is no denizen policies delete')
    const error = new DenizenError(
      'policies.inUse',
      'conflict',
      'Name another one in reassignTo, or call auth.reauthenticate. See users.example.com.',
    )
    expect(inWordsOf(command, program, error).message).toMatch(
      /^Name another one in --reassign-to, or call "(npx )?denizen reauthenticate"\. See users\.example\.com\.$/,
    )
  })

  it('say how a secret was given', () => {
    const create = createProgram()
      .commands.find((command) => command.name() === 'users')
      ?.commands.find((command) => command.name() === 'create')
    if (create === undefined) throw new Error('there is no denizen users create')
    const issues = [{ path: 'password', message: 'is missing' }]
    const told = () =>
      inWordsOf(create, createProgram(), new DenizenError('request.invalid', 'invalid', 'password: is missing', { issues })).message
    expect(told()).toBe('--password-prompt: is missing')
    create.setOptionValue('passwordStdin', true)
    expect(told()).toBe('--password-stdin: is missing')
  })

  it('repeat the name that is not there', async () => {
    for (const [line, name] of [
      [['users', 'get', 'nobody-here'], 'There is no user "nobody-here".'],
      [['users', 'find', 'nobody-here'], 'There is no user "nobody-here".'],
      [['orgs', 'get', 'nowhere'], 'There is no organization "nowhere".'],
      [['roles', 'get', 'no-role'], 'There is no role "no-role".'],
    ] as const)
      expect(await run(...line)).toMatchObject({ code: 3, stderr: expect.stringContaining(name) as string })
  })

  it('say that a name is ambiguous where it is', async () => {
    for (const _ of [1, 2]) expect((await run('tokens', 'create', 'twice', '--yes')).code).toBe(0)
    const { code, stderr } = await run('tokens', 'get', 'twice')
    expect([code, stderr]).toEqual([
      5,
      expect.stringMatching(/2 of your tokens are called "twice"\.[^]*next: {2}Name the one that you mean by its id/),
    ])
  })

  it.each([
    [['access', 'assign-role', '--role', 'monitor'], 'Name either --user or --team'],
    [['access', 'grant-permission', '--permission', 'document.read', '--user', usr, '--team', team], 'Name either --user or --team'],
    [['access', 'unassign-role', '--user', usr, '--yes'], 'Name either <assignment-id>, or who has what by --user or --team and --role'],
    [['resources', 'grant', 'res_00000000000000000000000000', '--user', usr], 'Name either --role or --permission'],
    [['users', 'create', '--full-name', 'Nobody'], '--email or --username is needed'],
    [['policies', 'create', 'odd', '--limits', '{"":1}'], '--limits."": there is no such field'],
    [['policies', 'create', 'odd', '--limit', ' =1'], 'This is not a limit'],
    [['policies', 'create', 'odd', '--limit', 'sessions=1'], 'There is no limit "sessions".'],
    [['policies', 'assign', 'odd'], 'Use exactly one of --user, --org and --as-default.'],
    [['policies', 'assign', '--user', 'x'], 'Name a policy (<policy>), or use --none.'],
    [['users', 'bulk-archive'], 'Either name users (<user>) or select them with --filter.'],
    [['orgs', 'switch'], 'Name an organization (<organization>), or use --none.'],
    [['users', 'import', ''], '<file> is empty: the name of a file is needed.'],
    [['users', 'import-records', '', '--source', 'shop'], '<file> is empty: the name of a file is needed.'],
    [['users', 'bulk-create', ''], '<file> is empty: the name of a file is needed.'],
    [['access', 'plan', ''], '<file> is empty: the name of a file is needed.'],
  ])('name what is missing, or contradicts, as it is typed: %j', async (line, told) => {
    const { code, stderr } = await run(...line)
    expect([code, stderr]).toEqual([2, expect.stringContaining(told)])
    // No field of an input is left in the text.
    expect(stderr.split('\n')[0]).not.toMatch(/`|\b(user|team|role|organization|policy|assignment)Ids?\b/)
  })

  it('say which date', async () => {
    const { stderr } = await run(
      'access',
      'assign-role',
      '--user',
      served().admin.user.username,
      '--role',
      'monitor',
      '--until',
      'tomorrow',
    )
    expect(stderr).toContain('error: --until: ')
  })
})

it('says what is wrong with the configuration, whose settings are no fields of an input', async () => {
  const wrong = { DATABASE_URL: 'postgresql://nobody@127.0.0.1:1/none', DENIZEN_MASTER_KEY: 'short' }
  const { code, stderr } = await terminal.here(['users', 'list', '--local'], wrong)
  expect([code, stderr]).toEqual([2, expect.stringContaining('DENIZEN_MASTER_KEY: must be 32 bytes')])
})

describe('Found by a stranger: what was typed is told as it was typed', () => {
  const org = `org_${'0'.repeat(26)}`
  const ses = `ses_${'0'.repeat(26)}`

  it.each([
    [['users', 'get', org], `"${org}" is the id of an organization; a user is wanted here.`, `orgs get ${org}`],
    [['orgs', 'get', usr], `"${usr}" is the id of a user; an organization is wanted here.`, `users get ${usr}`],
    [['users', 'list', '--org', ses], `"${ses}" is the id of a session; an organization is wanted here.`, `sessions get ${ses}`],
    [['resources', 'get', usr], `"${usr}" is the id of a user; a resource is wanted here.`, `users get ${usr}`],
    [['sessions', 'end', 'ses_wrong'], '<session-id>: must be the id of a session', 'denizen sessions list'],
    [['sessions', 'end', org], 'this is the id of an organization', 'denizen sessions list'],
    [
      ['users', 'update-current', '--allowed-ips', '192.0.2.1,192.0.2.0/33'],
      '--allowed-ips 192.0.2.0/33: must be an address or a CIDR block, for example 192.0.2.0/24',
      'users update-current --help',
    ],
    [['users', 'create'], 'error: --email or --username is needed', 'users create --help'],
    [['users', 'set-status', 'ada', 'gone'], '<status>: "gone" is none of ', 'users set-status --help'],
    [['orgs', 'update', 'acme', '--seat-limit', 'fifty'], '--seat-limit must be a whole number.', '--seat-limit 50'],
  ])('%j', async (line, told, next) => {
    const { code, stderr } = await run(...line)
    expect(code).not.toBe(0)
    expect(stderr).toContain(told)
    expect(stderr).toMatch(new RegExp(`next: {2}.*${next.replaceAll(/[[\]]/g, '.')}`))
  })
})
