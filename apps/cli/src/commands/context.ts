import type { Command } from 'commander'
import { checked, contextOf, requireContext } from '../contexts.ts'
import { contextNames, readLogin, useContext } from '../login-store.ts'
import { addOutputOptions, denizen, formatOf, type OutputOptions } from '../common-options.ts'
import { inLine, printAnswer } from '../output.ts'
import { table } from '../table.ts'
import { endLogin } from './session-end.ts'

/** Several saved logins: which there are, and which one is in use. */
export function addContext(program: Command): void {
  const contexts = program.command('context').description('Keep several logins, such as production and a laptop, and switch between them')
  contexts.addHelpText(
    'after',
    `
A login makes one: denizen login --context production --url https://users.example.org
One command in another: --context NAME, or DENIZEN_CONTEXT=NAME. Questions say the server once there are several.`,
  )
  const list = contexts.command('list').description('List the saved logins, with their servers')
  addOutputOptions(list)
  list.action(() => listContexts(list.opts<OutputOptions>()))
  const use = contexts.command('use').description('Use a saved login from now on').argument('<name>', 'the name of the context')
  addOutputOptions(use)
  use.action((name: string) => switchTo(name, use.opts<OutputOptions>()))
  const remove = contexts
    .command('remove')
    .description('End the session of a saved login, and remove it from this machine')
    .argument('<name>', 'the name of the context')
  addOutputOptions(remove)
  remove.action((name: string) => removeContext(name, remove.opts<OutputOptions>()))
}

interface Shown {
  readonly name: string
  readonly current: boolean
  readonly url: string | null
  readonly username: string | null
}

async function listContexts(options: OutputOptions): Promise<void> {
  const { name: current } = await contextOf(undefined)
  const items: Shown[] = []
  for (const name of await contextNames()) {
    const login = await readLogin(name).catch(() => null)
    items.push({ name, current: name === current, url: login?.url ?? null, username: login?.username ?? null })
  }
  printAnswer(formatOf(options), { items }, (shown) => listText(shown.items))
}

function listText(items: readonly Shown[]): string {
  if (items.length === 0) return `No login is kept. To make one: ${denizen} login`
  return table(items, [
    { title: 'NAME', whole: true, value: ({ name, current }) => (current ? `${name} (in use)` : name) },
    { title: 'SERVER', whole: true, value: ({ url }) => url ?? 'cannot be read' },
    { title: 'USER', value: ({ username }) => username },
  ])
}

async function switchTo(typed: string, options: OutputOptions): Promise<void> {
  const name = checked(typed, '<name>')
  await requireContext(name)
  const login = await readLogin(name)
  await useContext(name)
  printAnswer(formatOf(options), { name, url: login?.url, username: login?.username }, () =>
    login === null ? `Using ${name}.` : `Using ${name}: ${login.url} as ${inLine(login.username)}.`,
  )
}

async function removeContext(typed: string, options: OutputOptions): Promise<void> {
  const name = checked(typed, '<name>')
  await requireContext(name)
  const login = await endLogin(name)
  printAnswer(
    formatOf(options),
    { removed: name, url: login?.url ?? null },
    () => `Removed ${name}${login === null ? '' : `: signed out of ${login.url}`}.`,
  )
}
