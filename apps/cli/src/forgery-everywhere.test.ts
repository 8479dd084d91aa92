import { join } from 'node:path'
import type { Command } from 'commander'
import { expect, it } from 'vitest'
import { createProgram } from './program.ts'
import { liar } from './testing/liar.ts'
import { Terminal } from './testing/terminal.ts'

const terminal = new Terminal()

/** These talk to no server, or are tried in forgery.test.ts. */
const elsewhere = /^(serve|migrate|doctor|completion|help|login|logout|context)\b/

function pathsOf(command: Command, before = ''): readonly string[] {
  if (command.commands.length === 0) return [before]
  return command.commands.flatMap((child) => pathsOf(child, `${before} ${child.name()}`.trim()))
}

const paths = pathsOf(createProgram()).filter((path) => !elsewhere.test(path) && !path.endsWith(' help'))

/** What the examples name, by id: the server has things of these names nowhere. */
const ids = new Map(
  Object.entries({
    org: ['acme'],
    team: ['Support'],
    rol: ['editor', 'chief', 'viewer', 'monitor', 'auditor', 'payer', 'cashier', 'teller'],
    pol: ['students', 'everybody'],
    res: ['folder:plans', 'document:q3'],
  }).flatMap(([prefix, names]) => names.map((name) => [name, `${prefix}_${'0'.repeat(26)}`] as const)),
)

/** The files of the examples. */
const files = new Map(
  Object.entries({
    'users.ndjson': '{"username":"ada"}\n',
    'users.json': '[{"username":"ada"}]',
    'records.json': '[{"id":"1","username":"ada"}]',
    'realm-export.json': '{"realm":"r","users":[{"username":"ada"}]}',
    'policy.yaml': 'version: 1\nroles: {}\n',
  }).map(([name, text]) => [name, terminal.write(name, text)]),
)

/** New files that examples write. */
const outputs = new Map(['my-data.json', 'ada.json'].map((name) => [name, join(terminal.home, name)]))

/** The command lines of the help, with ids where it has `…`. */
async function examplesOf(path: string): Promise<readonly (readonly string[])[]> {
  const { stdout } = await terminal.here([...path.split(' '), '--help'])
  const options = stdout.includes('--yes') ? ['--yes'] : []
  return [...stdout.matchAll(/^ {2}\$ denizen (.*)$/gm)]
    .filter(([, line = '']) => !line.includes(' | '))
    .map(([, line = '']) => line.replace(/ (?:[<>]|&&) .*$/, '').replaceAll(/\b([a-z]{3,4})_01j…/g, `$1_${'0'.repeat(26)}`))
    .filter((line) => !line.includes('…'))
    .map((line) => [...line.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(([, double, single, plain]) => double ?? single ?? plain ?? ''))
    .map((words) => words.map((word) => files.get(word) ?? outputs.get(word) ?? ids.get(word) ?? word))
    .map((words) => [...words, ...options.filter((option) => !words.includes(option))])
}

it('Found by an attacker: no command prints a line, or steers the terminal, by a text of a server', async () => {
  const env = { DENIZEN_URL: await liar(), DENIZEN_TOKEN: 'dnz_access_token' }
  const shown = new Set<string>()
  for (const path of paths) {
    for (const line of await examplesOf(path)) {
      const { stdout, stderr } = await terminal.here(line, env, 'first\nsecond')
      for (const text of [stdout, stderr]) {
        const lines = text.split('\n').filter((one) => /^\s*next: {2}give up|[\u0000-\u0008\u000b-\u001f]/.test(one))
        expect([line, lines]).toEqual([line, []])
      }
      expect([line, stderr]).toEqual([line, expect.not.stringContaining('cli.unexpected')])
      if (`${stdout}${stderr}`.includes('give up')) shown.add(path)
    }
  }
  // Most commands print a text of the server.
  expect(shown.size).toBeGreaterThan(paths.length / 2)
})
