import type { ActionName } from '@denizen/core/calls'
import { signatures, type Signature } from '@denizen/core/contract'
import type { Command } from 'commander'
import { addAction, linesOf } from './action-command.ts'
import { fieldsOf, kebab } from './fields.ts'
import { json, record } from './output.ts'

/** Groups with a shorter name than the namespace of their actions. */
const groupNames: Readonly<Record<string, string>> = { organizations: 'orgs' }

const descriptions: Readonly<Record<string, string>> = { auth: 'Sign in step by step, as applications do' }

/**
 * Adds a command for every action that has none yet: `denizen <group> <verb>`, with the fields of the input as options.
 * An action whose signature says `withoutCommand` gets none; `denizen call` calls it.
 */
export function addDefaults(program: Command): void {
  const existing = new Set(linesOf(program).map(([action]) => action))
  for (const signature of Object.values(signatures).flatMap((namespace) => Object.values<Signature<ActionName>>(namespace)))
    if (!existing.has(signature.name) && signature.withoutCommand === undefined) addDefault(program, signature)
}

function addDefault(program: Command, signature: Signature<ActionName>): void {
  const [namespace = '', verb = ''] = signature.name.split('.')
  const group = groupOf(program, namespace)
  addAction(group, { signature, show: answerText, examples: [`${group.name()} ${kebab(verb)}${neededBy(signature)}`] })
}

function groupOf(program: Command, namespace: string): Command {
  const name = groupNames[namespace] ?? namespace
  const existing = program.commands.find((command) => command.name() === name)
  return existing ?? program.command(name).description(descriptions[namespace] ?? `Everything under ${namespace}`)
}

/** The required options, as they are typed. */
function neededBy(signature: Signature): string {
  const needed = fieldsOf(signature).filter(({ required }) => required)
  return needed.map(({ flag, kind }) => (kind === 'secret' ? ` ${flag}-stdin` : ` ${flag} …`)).join('')
}

/** Any answer as text: its fields, one a line. */
function answerText(answer: unknown): string {
  if (typeof answer !== 'object' || answer === null) return json(answer)
  return record(Object.entries(answer).map(([name, value]) => [kebab(name).replaceAll('-', ' '), isPlain(value) ? value : json(value)]))
}

function isPlain(value: unknown): boolean {
  return typeof value !== 'object' || value === null || value instanceof Date
}
