import type { ActionName } from '@denizen/core/calls'
import type { OutputOf, Signature } from '@denizen/core/contract'
import { Argument, type Command } from 'commander'
import { callNamed, connected, type Connection } from './connection.ts'
import { usageError } from './failure.ts'
import { addFields, fieldsOf, inputOf, kebab, parseJson, type Field } from './fields.ts'
import {
  addChangeOptions,
  addConnectionOptions,
  addOutputOptions,
  denizen,
  formatOf,
  type ChangeOptions,
  type ConnectionOptions,
  type OutputOptions,
} from './options.ts'
import { printAnswer } from './output.ts'
import { printPlan } from './plan.ts'
import { confirmed } from './prompts.ts'
import { organizationOf, resolveReferences, scopeOf, type Reference } from './references.ts'

export type LeafOptions = ConnectionOptions & OutputOptions & ChangeOptions & Readonly<Record<string, unknown>>

export type Input = Record<string, unknown>

/** An action as a command of its own: what cannot be read off its signature. */
export interface ActionFace<S extends Signature> {
  readonly signature: S
  /** What the command is called; default: the verb of the action. */
  readonly name?: string
  /** Fields that are arguments rather than options, in order. */
  readonly arguments?: readonly FieldArgument[]
  /** Options that are not fields of the input. `--org` among them is where names are looked up. */
  readonly extend?: (command: Command) => void
  /** What the options mean for the input besides their fields. */
  readonly adjust?: (input: Input, options: LeafOptions) => void
  /** What they mean where names have to be looked up first. */
  readonly prepare?: (connection: Connection, input: Input, options: LeafOptions) => Promise<void>
  /** What is wrong with the options together; null: nothing. */
  readonly objection?: (input: Input) => string | null
  /** The question before it is done; null: none is needed. `typed` are the arguments as they were typed. */
  readonly question?: (input: Input, typed: readonly string[]) => string | null
  /** The answer for people. */
  readonly show: (answer: OutputOf<S>, options: LeafOptions) => string
  /** Prints the answer in another way than as it is. */
  readonly answer?: (connection: Connection, input: Input, options: LeafOptions) => Promise<void>
  /** Lines to type, shown under the help. */
  readonly examples: readonly string[]
}

/** A field, or one that is called by other names than usual, or may be left out because an option says the same. */
type FieldArgument = string | { readonly field: string; readonly as?: Reference; readonly optional?: true }

/** The actions that commands carry out. */
const carried = new WeakMap<Command, readonly ActionName[]>()

/** Says which actions a command carries out that was not made from a signature. */
export function carriesOut(command: Command, ...actions: readonly ActionName[]): Command {
  carried.set(command, actions)
  return command
}

/** Every action that a command below this one carries out, with what is typed for it. */
export function linesOf(command: Command, typed = ''): readonly (readonly [action: ActionName, line: string])[] {
  return command.commands.flatMap((child) => {
    const line = `${typed}${child.name()}`
    return [...(carried.get(child) ?? []).map((action) => [action, line] as const), ...linesOf(child, `${line} `)]
  })
}

/** Adds the action to its namespace: its summary is the help, its fields are the options. */
export function addAction<S extends Signature<ActionName>>(parent: Command, face: ActionFace<S>): void {
  const { signature } = face
  const fields = fieldsOf(signature)
  const command = parent.command(face.name ?? kebab(signature.name.split('.')[1] ?? '')).description(signature.summary)
  carriesOut(command, signature.name)
  const taken = (face.arguments ?? []).map((argument) => takenBy(fields, argument))
  for (const field of taken) command.addArgument(argumentOf(field))
  const rest = fields.filter(({ name }) => !taken.some((field) => field.name === name))
  addFields(command, rest)
  if (signature.kind === 'command') addChangeOptions(command)
  face.extend?.(command)
  addOutputOptions(addConnectionOptions(command))
  command.addHelpText('after', `\nExamples:\n${face.examples.map((line) => `  $ denizen ${line}`).join('\n')}`)
  command.action(async () => {
    const options = command.opts<LeafOptions>()
    const input = { ...(await inputOf(rest, options)), ...typedInto(taken, command.args) }
    face.adjust?.(input, options)
    const objection = face.objection?.(input) ?? null
    if (objection !== null) throw usageError(objection, `See what it takes: ${denizen} ${parent.name()} ${command.name()} --help`)
    await connected(options, async (connection) => {
      const references = [...taken, ...rest].flatMap(({ name, reference }) => (reference === null ? [] : [[name, reference] as const]))
      await resolveReferences(connection, input, { references, named: options['org'] })
      if (rest.some(({ name, required }) => name === 'organizationId' && required && input[name] === undefined))
        input['organizationId'] = await organizationOf(await scopeOf(connection, undefined))
      await face.prepare?.(connection, input, options)
      await carryOut(connection, face, input, command)
    })
  })
}

/** The objection to a change that changes nothing; `besides` are the fields that say what is changed. */
export function unchanged(input: Input, ...besides: readonly string[]): string | null {
  return Object.keys(input).some((field) => field !== 'version' && !besides.includes(field)) ? null : 'Say what to change.'
}

function takenBy(fields: readonly Field[], argument: FieldArgument): Field {
  if (typeof argument === 'string') return fieldNamed(fields, argument)
  const field = fieldNamed(fields, argument.field)
  return { ...field, reference: argument.as ?? field.reference, required: field.required && argument.optional !== true }
}

function typedInto(taken: readonly Field[], typed: readonly string[]): Input {
  const given = taken.flatMap(({ name, kind }, index) => {
    const text = typed[index]
    return text === undefined
      ? []
      : [[name, kind === 'switch' ? text === 'on' : kind === 'json' ? parseJson(text, `<${kebab(name)}>`) : text] as const]
  })
  return Object.fromEntries(given)
}

function fieldNamed(fields: readonly Field[], name: string): Field {
  const found = fields.find((field) => field.name === name)
  if (found === undefined) throw new TypeError(`There is no field ${name}.`)
  return found
}

function argumentOf({ name, description, choices, kind, required, reference }: Field): Argument {
  const label = reference?.label ?? kebab(name)
  const argument = new Argument(required ? `<${label}>` : `[${label}]`, reference?.description ?? description)
  if (kind === 'switch') return argument.choices(['on', 'off'])
  return choices.length > 0 ? argument.choices(choices) : argument
}

async function carryOut<S extends Signature<ActionName>>(
  connection: Connection,
  face: ActionFace<S>,
  input: Input,
  command: Command,
): Promise<void> {
  const options = command.opts<LeafOptions>()
  const call = callNamed(connection.calls, face.signature.name)
  if (options.dryRun === true && call.plan !== undefined) return printPlan(formatOf(options), await call.plan(input))
  const question = face.question?.(input, command.args) ?? null
  if (question !== null) await confirmed(question, options.yes)
  if (face.answer !== undefined) return face.answer(connection, input, options)
  const { idempotencyKey } = options
  const answer = await call(input, idempotencyKey === undefined ? {} : { idempotencyKey })
  printAnswer(formatOf(options), answer, () => face.show(answer as OutputOf<S>, options))
}
