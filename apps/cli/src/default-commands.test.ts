import { kinds } from '@denizen/core/calls'
import { signatures, type Signature } from '@denizen/core/contract'
import { Command } from 'commander'
import { expect, it, vi } from 'vitest'
import { linesOf } from './action-command.ts'
import { addDefaults, itemsOf } from './default-commands.ts'
import { createProgram } from './program.ts'
import { useServed } from './testing/served.ts'

const { served, terminal } = useServed()

const withoutCommand = Object.values(signatures)
  .flatMap((namespace) => Object.values<Signature>(namespace))
  .flatMap((signature) => (signature.withoutCommand === undefined ? [] : [signature.name]))

it('every action has a command, unless its signature says why not, and the names of commands in a group are unique', () => {
  const program = createProgram()
  const lines = linesOf(program)
  const expected = Object.keys(kinds).filter((name) => !withoutCommand.includes(name))
  expect([...new Set(lines.map(([action]) => action))].toSorted()).toEqual(expected.toSorted())
  for (const group of program.commands) {
    const names = group.commands.map((command) => command.name())
    expect(names).toEqual([...new Set(names)])
  }
})

it.each([
  ['teams', 'list', 'teams'],
  ['users', 'listTeams', 'teams'],
  ['teams', 'listOfUser', 'teams'],
  ['sessions', 'listActive', 'active sessions'],
])('Found by a stranger: what %s.%s lists is called by its noun', (namespace, verb, items) => {
  expect(itemsOf(namespace, verb)).toBe(items)
})

it('an action without a command can still be called by its name', async () => {
  expect(withoutCommand).toContain('passkeys.beginSignIn')
  expect((await terminal.here(['passkeys', 'begin-sign-in'])).code).toBe(2)
  const called = await terminal.here(['call', 'passkeys.beginSignIn'], { DENIZEN_URL: served().server.url })
  expect([called.code, called.json<{ challenge: string }>().challenge]).toEqual([0, expect.any(String)])
})

it('an action without a command made for it has one from its signature', async () => {
  const { world, server } = served()
  const { token, user } = await world.signUp()
  const env = { DENIZEN_URL: server.url, DENIZEN_TOKEN: token }
  const issued = await terminal.here(['tokens', 'issue-agent', '--json'], env)
  const { token: agent } = issued.json<{ token: string }>()
  expect(await world.core.authenticate(agent)).toMatchObject({ userId: user.id })
  const shown = await terminal.here(['tokens', 'issue-websocket'], env)
  expect([shown.code, shown.stdout]).toEqual([0, expect.stringMatching(/^token +\S+\nexpires at +\d{4}-\d\d-\d\d \d\d:\d\d \S+$/m)])
  const help = await terminal.here(['auth', 'request-magic-link', '--help'])
  expect(help.stdout).toMatch(/--email <.*>/)
})

it('a query with pages has a table with a column for every field, and --all', async () => {
  const { world, server, admin } = served()
  for (const username of ['paged-1', 'paged-2', 'paged-3']) await world.newUser({ username })
  const program = new Command()
  addDefaults(program)
  const printed = vi.spyOn(process.stdout, 'write').mockReturnValue(true)
  vi.stubEnv('DENIZEN_TOKEN', admin.token)
  const type = async (...typed: readonly string[]) => {
    printed.mockClear()
    await program.parseAsync(['users', 'search', '--query', 'paged-', '--url', server.url, ...typed], { from: 'user' })
    return printed.mock.calls.map(([text]) => String(text)).join('')
  }
  try {
    const lines = (await type('--columns', 'username,email,id', '--all')).trimEnd().split('\n')
    expect(lines[0]).toMatch(/^USERNAME +EMAIL +ID *$/)
    expect(new Set(lines.slice(1).map((line) => line.split(' ')[0]))).toEqual(new Set(['paged-1', 'paged-2', 'paged-3']))
    expect(await type('--all', '--limit', '1', '--ndjson')).toMatch(/^(\{.*\}\n){3}$/)
  } finally {
    printed.mockRestore()
    vi.unstubAllEnvs()
  }
})

it('an answer with something in it shows its fields too, and what a list is of is named by what its items are', async () => {
  const { server, admin } = served()
  const program = new Command()
  addDefaults(program)
  const printed: string[] = []
  const write = (text: unknown) => printed.push(String(text)) > 0
  const spies = [process.stdout, process.stderr].map((stream) => vi.spyOn(stream, 'write').mockImplementation(write))
  vi.stubEnv('DENIZEN_TOKEN', admin.token)
  const type = async (...typed: readonly string[]) => {
    printed.length = 0
    await program.parseAsync([...typed, '--url', server.url], { from: 'user' })
    return printed.join('')
  }
  try {
    const shown = await type('sessions', 'whoami')
    expect(shown).toMatch(/\n\nuser\nid +usr_\w+\nusername +\S+\n/)
    expect(shown).not.toContain('{"')
    expect(await type('users', 'list-with-sessions', '--where', '{"username":{"startsWith":"nobody-has-this"}}')).toContain(
      'No users found.',
    )
  } finally {
    for (const spy of spies) spy.mockRestore()
    vi.unstubAllEnvs()
  }
})

it('a mistake in one is told as in any other', async () => {
  const { code, stderr } = await terminal.here(['auth', 'request-magic-link'], { DENIZEN_URL: served().server.url })
  expect([code, stderr]).toEqual([2, expect.stringContaining("required option '--email <text>' not specified")])
})
