import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { password } from '@denizen/core/testing'
import type { Served } from '../../packages/api/src/testing/server.ts'
import type { Terminal, Ended } from '../../apps/cli/src/testing/terminal.ts'
import { workspace, type Block } from './blocks.ts'
import { shellCommandsOf, type ShellCommand } from './shell.ts'

/** What a person does while a block of a page is followed. */
export interface Reader {
  readonly served: Served
  readonly terminal: Terminal
  /** What somebody types at a prompt: the options that take it from standard input instead, and the text. */
  readonly answers: readonly Answer[]
}

export interface Answer {
  /** Of the whole command line. */
  readonly asked: RegExp
  readonly option: string
  /** It is somebody else's terminal, where nobody is signed in. */
  readonly elsewhere?: true
  readonly text: (reader: Reader) => string | Promise<string>
}

/** Follows a block from top to bottom, as somebody at a terminal. What fails, with what it said. */
export async function follow(reader: Reader, block: Block): Promise<readonly string[]> {
  const failed: string[] = []
  let input: string | null = null
  for (const command of shellCommandsOf(block.code)) {
    const { code, stdout, stderr } = await run(reader, command, input)
    if (code === 0 ? command.next === 'or' : command.next !== 'or')
      failed.push(`${block.page}:${block.line}: ${command.words.join(' ')}\n${stdout}${stderr}exit code ${code}`)
    await publish(reader)
    await reader.served.world.work() // mails arrive, and others answer them, before the next line is typed
    input = command.next === 'pipe' ? stdout : null
    if (command.into !== null) writeFileSync(join(reader.terminal.home, command.into), stdout)
  }
  return failed
}

/** Whoever owns the domains of the story has added the records. */
async function publish({ served: { world } }: Reader): Promise<void> {
  const claimed = await world.asSystem().organizations.list({ search: 'acme' })
  for (const { id } of claimed.items)
    for (const { record } of (await world.asSystem().organizations.listDomains({ organizationId: id })).domains)
      world.resolver.records.set(record.name.toLowerCase(), [record.value])
}

type Outcome = Pick<Ended, 'code' | 'stdout' | 'stderr'>

const nothing: Outcome = { code: 0, stdout: '', stderr: '' }

async function run(reader: Reader, { words, from }: ShellCommand, piped: string | null): Promise<Outcome> {
  const [program = '', ...rest] = words[0] === 'npx' ? words.slice(1) : words
  if (program === 'alias' || program === 'echo') return nothing
  if (program === 'source')
    return run(reader, shellCommandsOf((rest[0] ?? '').slice(2, -1))[0] ?? { words: [], into: null, from: null, next: 'end' }, null)
  if (program !== 'denizen') throw new Error(`the story knows no command ${program}`)
  const input = piped ?? (from === null ? '' : readFileSync(fileOf(reader, from), 'utf8'))
  return denizen(
    reader,
    rest.map((word) => (existsSync(fileOf(reader, word)) ? fileOf(reader, word) : word)),
    input,
  )
}

/** A file that an earlier line wrote, or one of the workspace. */
function fileOf({ terminal }: Reader, name: string): string {
  const written = join(terminal.home, name)
  return existsSync(written) ? written : join(workspace, name)
}

async function denizen(reader: Reader, words: readonly string[], input: string): Promise<Outcome> {
  const line = words.join(' ')
  const answer = reader.answers.find(({ asked }) => asked.test(line))
  const typed = words.filter((word) => !word.endsWith('-prompt'))
  const first = answer === undefined ? [...words] : [...typed, ...answer.option.split(' ')]
  const text = answer === undefined ? input : await answer.text(reader)
  const own = answer?.elsewhere === true ? { XDG_CONFIG_HOME: join(reader.terminal.home, 'elsewhere') } : {}
  const environment = { DENIZEN_URL: reader.served.server.url, ...own }
  const ended = await reader.terminal.here(first, environment, text)
  // Whoever is asked whether to go ahead says yes.
  return ended.stderr.includes('There is no terminal to ask on.') ? reader.terminal.here([...first, '--yes'], environment, text) : ended
}

/** The password of the superadmin, as the first start prints it. */
export const signsIn: Answer = { asked: /^login --username /, option: '--password-stdin', text: () => password }
