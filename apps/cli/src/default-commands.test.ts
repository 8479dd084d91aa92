import { kinds } from '@denizen/core/calls'
import { expect, it } from 'vitest'
import { linesOf } from './action-command.ts'
import { createProgram } from './program.ts'
import { useServed } from './testing/served.ts'

const { served, terminal } = useServed()

it('every action is carried out by a command, and those below one group have names of their own', () => {
  const program = createProgram()
  const lines = linesOf(program)
  expect([...new Set(lines.map(([action]) => action))].toSorted()).toEqual(Object.keys(kinds).toSorted())
  for (const group of program.commands) {
    const names = group.commands.map((command) => command.name())
    expect(names).toEqual([...new Set(names)])
  }
})

it('an action without a command made for it has one from its signature', async () => {
  const { world, server } = served()
  const { token, user } = await world.signUp()
  const env = { DENIZEN_URL: server.url, DENIZEN_TOKEN: token }
  const issued = await terminal.here(['tokens', 'issue-agent', '--json'], env)
  const { token: agent } = issued.json<{ token: string }>()
  expect(await world.core.authenticate(agent)).toMatchObject({ userId: user.id })
  const shown = await terminal.here(['tokens', 'issue-websocket'], env)
  expect([shown.code, shown.stdout]).toEqual([0, expect.stringMatching(/^token +\S+\nexpires at +\d{4}-\d\d-\d\d \d\d:\d\d$/m)])
  const help = await terminal.here(['auth', 'request-magic-link', '--help'])
  expect(help.stdout).toMatch(/--email <.*>/)
})

it('a mistake in one is told as in any other', async () => {
  const { code, stderr } = await terminal.here(['auth', 'request-magic-link'], { DENIZEN_URL: served().server.url })
  expect([code, stderr]).toEqual([2, expect.stringContaining("required option '--email <text>' not specified")])
})
