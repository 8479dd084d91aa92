import type { ActionName } from '@denizen/core/calls'
import type { OutputOf, Signature } from '@denizen/core/contract'
import { Argument, type Command } from 'commander'
import { callNamed, connected, type Connection } from './connection.ts'
import { usageError } from './failure.ts'
import { addFields, fieldsOf, inputOf, kebab, type Field } from './fields.ts'
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

export type LeafOptions = ConnectionOptions & OutputOptions & ChangeOptions & Readonly<Record<string, unknown>>

type Input = Record<string, unknown>

/** An action as a command of its own: what cannot be read off its signature. */
export interface ActionFace<S extends Signature> {
  readonly signature: S
  /** Fields that are arguments rather than options, in order. */
  readonly arguments?: readonly FieldArgument[]
  /** Options that are not fields of the input. */
  readonly extend?: (command: Command) => void
  /** What is wrong with the options together; null: nothing. */
  readonly objection?: (input: Input) => string | null
  /** The question before it is done; null: none is needed. `typed` are the arguments as they were typed. */
  readonly question?: (input: Input, typed: readonly string[]) => string | null
  /** The answer for people. */
  readonly show: (answer: OutputOf<S>) => string
  /** Prints the answer in another way than as it is. */
  readonly answer?: (connection: Connection, input: Input, options: LeafOptions) => Promise<void>
  /** Lines to type, shown under the help. */
  readonly examples: readonly string[]
}

export interface FieldArgument {
  readonly field: string
  /** What it is called in the help, and how the field's value is got from it. */
  readonly as?: { readonly name: string; readonly description: string; resolve(connection: Connection, text: string): Promise<unknown> }
}

/** Adds the action to its namespace: its summary is the help, its fields are the options. */
export function addAction<S extends Signature<ActionName>>(parent: Command, face: ActionFace<S>): void {
  const { signature, arguments: taken = [] } = face
  const fields = fieldsOf(signature)
  const command = parent.command(kebab(signature.name.split('.')[1] ?? '')).description(signature.summary)
  for (const { field, as } of taken) command.addArgument(argumentOf(fieldNamed(fields, field), as))
  const rest = fields.filter(({ name }) => !taken.some(({ field }) => field === name))
  addFields(command, rest)
  if (signature.kind === 'command') addChangeOptions(command)
  face.extend?.(command)
  addOutputOptions(addConnectionOptions(command))
  command.addHelpText('after', `\nExamples:\n${face.examples.map((line) => `  $ denizen ${line}`).join('\n')}`)
  command.action(async () => {
    const options = command.opts<LeafOptions>()
    const input = await inputOf(rest, options)
    const objection = face.objection?.(input) ?? null
    if (objection !== null) throw usageError(objection, `See what it takes: ${denizen} ${kebab(signature.name).replace('.', ' ')} --help`)
    await connected(options, async (connection) => {
      for (const [index, { field, as }] of taken.entries()) {
        const text = command.args[index]
        if (text !== undefined) input[field] = as === undefined ? text : await as.resolve(connection, text)
      }
      await carryOut(connection, face, input, command)
    })
  })
}

function fieldNamed(fields: readonly Field[], name: string): Field {
  const found = fields.find((field) => field.name === name)
  if (found === undefined) throw new TypeError(`There is no field ${name}.`)
  return found
}

function argumentOf({ name, description, choices, required }: Field, as: FieldArgument['as']): Argument {
  const label = as?.name ?? kebab(name)
  const argument = new Argument(required ? `<${label}>` : `[${label}]`, as?.description ?? description)
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
  printAnswer(formatOf(options), answer, () => face.show(answer as OutputOf<S>))
}
