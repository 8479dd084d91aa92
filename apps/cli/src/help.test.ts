import type { Command } from 'commander'
import { expect, it } from 'vitest'
import { fittedHelp } from './help.ts'
import { createProgram } from './program.ts'
import { Terminal } from './testing/terminal.ts'

const terminal = new Terminal()

/** All help texts, as they are written. */
function textsOf(command: Command): readonly string[] {
  let text = ''
  command.configureOutput({ writeOut: (part) => (text += part) })
  command.outputHelp()
  return [text, ...command.commands.flatMap(textsOf)]
}

it('U6: every help fits a terminal of 80 columns, except for examples, which are copied', () => {
  const lines = textsOf(createProgram()).flatMap((text) => fittedHelp(text, 80).split('\n'))
  expect(lines.filter((line) => line.length > 80 && !line.startsWith('  $ '))).toEqual([])
  expect(lines.length).toBeGreaterThan(1000)
})

it('Found by a stranger: a group without a command is told as well as its help', async () => {
  const { stdout } = await terminal.run(['orgs'], { columns: 80 })
  expect(stdout).toContain('archive|rm')
  expect(stdout.split(/\r?\n/).filter((line) => line.length > 80)).toEqual([])
})

it('U6: a long description goes on under its start, or below a long command', () => {
  const text = `  -y, --yes  ${'word '.repeat(6)}end\n  a-long-command --with [arguments]  what it does for you\n  $ denizen ${'x'.repeat(40)}`
  expect(fittedHelp(text, 44)).toBe(
    `  -y, --yes  word word word word word word\n             end\n  a-long-command --with [arguments]\n        what it does for you\n  $ denizen ${'x'.repeat(40)}`,
  )
})

it('Found by a stranger: an item of a list goes on below its text, not below the dash', () => {
  expect(fittedHelp('  - give bob the role viewer on the folder', 36)).toBe('  - give bob the role viewer on the\n    folder')
  expect(fittedHelp('  └─ viewer on the organization acme until then', 36)).toBe('  └─ viewer on the organization acme\n     until then')
})
