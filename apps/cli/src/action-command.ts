import { keyless, unplannable, type ActionName } from '@denizen/core/calls'
import type { OutputOf, Signature } from '@denizen/core/contract'
import { Argument, type Command } from 'commander'
import { callNamed, type Connection } from './calls.ts'
import { connected } from './connection.ts'
import { usageError } from './failure.ts'
import { addFields, fieldsOf, inputOf, kebab, parseJson, requireValid, type Field } from './input-options.ts'
import {
  addChangeOptions,
  addConnectionOptions,
  addOutputOptions,
  denizen,
  formatOf,
  sentWith,
  type ChangeOptions,
  type ConnectionOptions,
  type OutputOptions,
} from './common-options.ts'
import { printAnswer } from './output.ts'
import { printPlan } from './plan.ts'
import { confirmed, placed } from './prompts.ts'
import { withReauthentication } from './reauthentication.ts'
import { organizationOf, resolveReferences, scopeOf, type Reference } from './references.ts'

export type LeafOptions = ConnectionOptions & OutputOptions & ChangeOptions & Readonly<Record<string, unknown>>

export type Input = Record<string, unknown>

/** An action as a command: what its signature does not say. */
export interface ActionCommand<S extends Signature> {
  readonly signature: S
  /** The name of the command. Default: the verb of the action. */
  readonly name?: string
  /** Fields that are arguments rather than options, in order. */
  readonly arguments?: readonly FieldArgument[]
  /** Adds options that are not fields of the input. If `--org` is one of them, names are looked up in that organization. */
  readonly extend?: (command: Command) => void
  /** Called before a secret is asked for: throws where it would be for nothing. The answer is said in the question; null: nothing is. */
  readonly beforeAsking?: (connection: Connection, field: string, input: Input) => Promise<string | null>
  /** Changes the input by options that are not fields. */
  readonly adjust?: (input: Input, options: LeafOptions) => void
  /** As `adjust`, where names have to be looked up first. */
  readonly prepare?: (connection: Connection, input: Input, options: LeafOptions) => Promise<void>
  /** What is wrong with the input as a whole; null: nothing. */
  readonly problem?: (input: Input) => string | null
  /** The question to confirm before it is done; null: none is needed. `typed` are the arguments as they were typed. */
  readonly confirmation?: (input: Input, typed: readonly string[], options: LeafOptions) => string | null
  /** More that a dry run says, which a plan does not count. */
  readonly alsoPlanned?: (connection: Connection, input: Input) => Promise<readonly string[]>
  /** Looks up names for the answer as text. */
  readonly lookUp?: (connection: Connection, answer: OutputOf<S>) => Promise<void>
  /** The answer as text. `typed` are the arguments as they were typed. */
  readonly show: (answer: OutputOf<S>, options: LeafOptions, typed: readonly string[]) => string
  /** Makes the call and prints the answer itself. */
  readonly answer?: (connection: Connection, input: Input, options: LeafOptions) => Promise<void>
  /** Command lines, shown below the help. */
  readonly examples: readonly string[]
}

/** A field that is an argument; with another way to name what it refers to, or optional because an option can say the same. */
type FieldArgument = string | { readonly field: string; readonly as?: Reference; readonly optional?: true }

/** Which actions each command runs. Bounded by the commands of the program. */
const actionsOf = new WeakMap<Command, readonly ActionName[]>()

/** Registers the actions that a hand-written command runs. */
export function runsActions(command: Command, ...actions: readonly ActionName[]): Command {
  actionsOf.set(command, actions)
  return command
}

/** All actions that the subcommands run, each with its command line. */
export function linesOf(command: Command, typed = ''): readonly (readonly [action: ActionName, line: string])[] {
  return command.commands.flatMap((child) => {
    const line = `${typed}${child.name()}`
    return [...(actionsOf.get(child) ?? []).map((action) => [action, line] as const), ...linesOf(child, `${line} `)]
  })
}

/** Adds the action to its namespace: its summary is the help, its fields are the options. */
export function addAction<S extends Signature<ActionName>>(parent: Command, face: ActionCommand<S>): void {
  const { signature } = face
  const fields = fieldsOf(signature)
  const command = parent.command(face.name ?? kebab(signature.name.split('.')[1] ?? '')).description(signature.summary)
  runsActions(command, signature.name)
  const taken = (face.arguments ?? []).map((argument) => takenBy(fields, argument))
  for (const field of taken) command.addArgument(argumentOf(field))
  const rest = fields.filter(({ name }) => !taken.some((field) => field.name === name))
  addFields(command, rest)
  if (signature.kind === 'command')
    addChangeOptions(command, { plans: !unplannable.has(signature.name), takesKey: !keyless.has(signature.name) })
  face.extend?.(command)
  addOutputOptions(addConnectionOptions(command))
  command.addHelpText('after', `\nExamples:\n${face.examples.map((line) => `  $ denizen ${line}`).join('\n')}`)
  command.action(async () => {
    const options = command.opts<LeafOptions>()
    const typed = typedInto(taken, command.args)
    requireValid(taken, typed)
    const { beforeAsking } = face
    const before = (field: string, given: Input) =>
      beforeAsking === undefined ? Promise.resolve(null) : connected(options, (connection) => beforeAsking(connection, field, given))
    const input = { ...(await inputOf(rest, options, before)), ...typed }
    face.adjust?.(input, options)
    const problem = face.problem?.(input) ?? null
    if (problem !== null) throw usageError(problem, `See the options: ${denizen} ${parent.name()} ${command.name()} --help`)
    const work = async (connection: Connection) => {
      const references = [...taken, ...rest].flatMap(({ name, reference }) => (reference === null ? [] : [[name, reference] as const]))
      await resolveReferences(connection, input, { references, named: options['org'] })
      if (rest.some(({ name, required }) => name === 'organizationId' && required && input[name] === undefined))
        input['organizationId'] = await organizationOf(await scopeOf(connection, undefined))
      await face.prepare?.(connection, input, options)
      await runAction(connection, face, input, command)
    }
    await connected(options, work, { ...input, organizationId: input['organizationId'] ?? options['org'] })
  })
}

/** The problem with an update that changes nothing; `besides` are fields that only say what to update. */
export function unchanged(input: Input, ...besides: readonly string[]): string | null {
  return Object.keys(input).some((field) => field !== 'version' && !besides.includes(field)) ? null : 'Name something to change.'
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

async function runAction<S extends Signature<ActionName>>(
  connection: Connection,
  face: ActionCommand<S>,
  input: Input,
  command: Command,
): Promise<void> {
  const options = command.opts<LeafOptions>()
  const call = callNamed(connection.calls, face.signature.name)
  if (options.dryRun === true && call.plan !== undefined) {
    const plan = await call.plan(input)
    return printPlan(formatOf(options), plan, (await face.alsoPlanned?.(connection, input)) ?? [])
  }
  const question = face.confirmation?.(input, command.args, options) ?? null
  if (question !== null && options.yes !== true) {
    const plans = !unplannable.has(face.signature.name)
    // That there is no such thing, or that it may not be done, is said before anybody has to decide.
    if (plans && call.plan !== undefined) await withReauthentication(connection, async () => call.plan?.(input))
    await confirmed(placed(question, connection), options.yes, plans)
  }
  if (face.answer !== undefined) return face.answer(connection, input, options)
  const answer = await withReauthentication(connection, () => call(input, sentWith(options)))
  if (formatOf(options) === 'text') await face.lookUp?.(connection, answer as OutputOf<S>)
  printAnswer(formatOf(options), answer as OutputOf<S>, (shown) => face.show(shown, options, command.args))
}
