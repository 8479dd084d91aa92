import { holdsSecret, type Signature } from '@denizen/core/contract'
import { Option, type Command } from 'commander'
import { z } from 'zod'
import { usageError } from './failure.ts'
import { askNewSecret, readSecret } from './prompts.ts'

/** A field of an action's input, as the command line takes it. */
export interface Field {
  readonly name: string
  /** `--full-name` */
  readonly flag: string
  readonly kind: 'text' | 'number' | 'switch' | 'choice' | 'json' | 'secret'
  readonly choices: readonly string[]
  readonly required: boolean
  /** `null` clears it. */
  readonly clearable: boolean
  readonly description: string
}

/** The fields of an action, from its schema: a new field needs no code here. */
export function fieldsOf({ name, input }: Signature): readonly Field[] {
  if (!(input instanceof z.ZodObject)) throw new TypeError(`The input of ${name} is not an object.`)
  return Object.entries(input.shape as Record<string, z.ZodType>).map(([field, schema]) => fieldOf(field, schema))
}

function fieldOf(name: string, schema: z.ZodType): Field {
  const layers = layersOf(schema)
  const core = layers.at(-1) ?? schema
  const choices = core instanceof z.ZodEnum ? core.options.map(String) : []
  return {
    name,
    flag: `--${kebab(name)}`,
    kind: holdsSecret(schema) ? 'secret' : kindOf(core),
    choices,
    required: !layers.some((layer) => layer instanceof z.ZodOptional || layer instanceof z.ZodDefault),
    clearable: layers.some((layer) => layer instanceof z.ZodNullable),
    description: layers.map((layer) => layer.meta()?.description).find((text) => text !== undefined) ?? words(name),
  }
}

/** From the outside to what is typed: optional, nullable, default, what is read before a transformation. */
function layersOf(schema: z.ZodType): readonly z.ZodType[] {
  if (schema instanceof z.ZodPipe) return [schema, ...layersOf(schema.in as z.ZodType)]
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable || schema instanceof z.ZodDefault)
    return [schema, ...layersOf(schema.unwrap() as z.ZodType)]
  return [schema]
}

function kindOf(schema: z.ZodType): Field['kind'] {
  switch (schema.def.type) {
    case 'string':
      return 'text'
    case 'number':
      return 'number'
    case 'boolean':
      return 'switch'
    case 'enum':
      return 'choice'
    default:
      return 'json'
  }
}

/** Adds an option for every field, and `--clear` if some can be cleared. */
export function addFields(command: Command, fields: readonly Field[]): void {
  for (const field of fields) for (const option of optionsOf(field)) command.addOption(option)
  const clearable = fields.filter((field) => field.clearable).map(({ flag }) => flag.slice(2))
  if (clearable.length > 0) command.addOption(new Option('--clear <fields...>', 'empty these fields').choices(clearable))
}

function optionsOf({ flag, kind, choices, required, description }: Field): readonly Option[] {
  const must = (option: Option) => option.makeOptionMandatory(required)
  switch (kind) {
    case 'switch':
      return [new Option(flag, description)]
    case 'choice':
      return [must(new Option(`${flag} <${flag.slice(2)}>`, description).choices(choices))]
    case 'secret':
      return [
        new Option(`${flag}-stdin`, `read it from standard input (${description})`).conflicts(`${camel(flag)}Prompt`),
        new Option(`${flag}-prompt`, `ask for it on the terminal`),
        new Option(`${flag} [value]`).hideHelp().argParser(refuseSecret(flag)),
      ]
    default:
      return [must(new Option(`${flag} <${kind}>`, description))]
  }
}

/** What stands on a command line can be read by everybody on the machine, and is kept in the shell's history. */
function refuseSecret(flag: string): () => never {
  return () => {
    throw usageError(
      `A secret never stands on the command line, where others can read it.`,
      `Use ${flag}-prompt, or pipe it in with ${flag}-stdin.`,
    )
  }
}

/** The input that the options stand for; secrets are read or asked for. */
export async function inputOf(fields: readonly Field[], options: Readonly<Record<string, unknown>>): Promise<Record<string, unknown>> {
  const input: Record<string, unknown> = {}
  for (const field of fields) {
    const value = field.kind === 'secret' ? await secretOf(field, options) : valueOf(field, options[field.name])
    if (value !== undefined) input[field.name] = value
  }
  for (const flag of (options['clear'] as string[] | undefined) ?? []) {
    const name = camel(flag)
    if (name in input) throw usageError(`--${flag} and --clear ${flag} contradict each other.`)
    input[name] = null
  }
  return input
}

async function secretOf({ name, flag, required }: Field, options: Readonly<Record<string, unknown>>): Promise<string | undefined> {
  if (options[`${name}Stdin`] === true) return readSecret()
  return options[`${name}Prompt`] === true || required ? askNewSecret(words(name), `${flag}-stdin`) : undefined
}

function valueOf({ kind, flag }: Field, given: unknown): unknown {
  if (typeof given !== 'string') return given
  if (kind === 'number') {
    if (!/^-?\d{1,15}$/.test(given)) throw usageError(`${flag} must be a whole number.`)
    return Number(given)
  }
  return kind === 'json' ? parseJson(given, flag) : given
}

/** Says where a text stops being JSON, without repeating it. */
export function parseJson(text: string, source: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch (error) {
    const where = error instanceof Error ? (/line \d+ column \d+/.exec(error.message)?.[0] ?? null) : null
    throw usageError(`${source} is not JSON${where === null ? '' : `: it breaks at ${where}`}.`)
  }
}

export function kebab(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
}

function camel(flag: string): string {
  return flag.replace(/^--/, '').replaceAll(/-([a-z])/g, (_, letter: string) => letter.toUpperCase())
}

function words(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
}
