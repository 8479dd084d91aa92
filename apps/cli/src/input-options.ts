import { holdsSecret, inputWords, invalidInputError, type Signature } from '@denizen/core/contract'
import { Option, type Command } from 'commander'
import { z } from 'zod'
import { usageError } from './failure.ts'
import { askNewSecret, askSecret, readSecret } from './prompts.ts'
import { referenceOf, type Reference } from './references.ts'

/** A field of an action's input, as an option or argument. */
export interface Field {
  readonly name: string
  readonly schema: z.ZodType
  /** `--full-name` */
  readonly flag: string
  readonly kind: 'text' | 'number' | 'switch' | 'choice' | 'list' | 'json' | 'secret'
  readonly choices: readonly string[]
  readonly required: boolean
  /** What `--clear` sets: null, or an empty list; undefined: it cannot be cleared. */
  readonly cleared: null | readonly never[] | undefined
  /** A switch that can also be turned off. Left out, the value stays as it is. */
  readonly negatable: boolean
  /** A secret that is not a string: it is parsed as JSON, and nobody types it at a prompt. */
  readonly parsed: boolean
  /** How the name that is typed is resolved to an id; null: the value is used as it is. */
  readonly reference: Reference | null
  readonly description: string
}

/** The fields of an action, read from its schema, so that a new field needs no code here. */
export function fieldsOf({ name, input }: Signature): readonly Field[] {
  if (!(input instanceof z.ZodObject)) throw new TypeError(`The input of ${name} is not an object.`)
  return fieldsIn(input)
}

/** The fields of an object. */
export function fieldsIn(object: z.ZodObject): readonly Field[] {
  return Object.entries(object.shape as Record<string, z.ZodType>).map(([field, schema]) => fieldOf(field, schema))
}

function fieldOf(name: string, schema: z.ZodType): Field {
  const layers = layersOf(schema)
  const core = layers.at(-1) ?? schema
  const known = referenceOf(name)
  const described = layers.map((layer) => layer.meta()?.description).find((text) => text !== undefined) ?? words(name)
  const kind = holdsSecret(schema) ? 'secret' : kindOf(core)
  return {
    name,
    schema,
    flag: known?.flag ?? `--${kebab(name)}`,
    kind,
    choices: core instanceof z.ZodEnum ? core.options.map(String) : [],
    required: !layers.some((layer) => layer instanceof z.ZodOptional || layer instanceof z.ZodDefault),
    cleared: layers.some((layer) => layer instanceof z.ZodNullable) ? null : kind === 'list' ? [] : undefined,
    negatable: kind === 'switch' && !layers.some((layer) => layer instanceof z.ZodDefault),
    parsed: kind === 'secret' && core.def.type !== 'string',
    reference: known?.reference ?? null,
    description: known === undefined ? described : withNames(described, known.reference),
  }
}

/** The schema describes an id; the command line also takes names. */
function withNames(described: string, { description }: Reference): string {
  return /^[a-z ]+ id \([a-z]+_…\)$/.test(described) ? description : `${described} (${description})`
}

/** The schema and everything it wraps: optional, nullable, default, the input of a transformation. */
function layersOf(schema: z.ZodType): readonly z.ZodType[] {
  if (schema instanceof z.ZodPipe) return [schema, ...layersOf((schema.in instanceof z.ZodTransform ? schema.out : schema.in) as z.ZodType)]
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable || schema instanceof z.ZodDefault)
    return [schema, ...layersOf(schema.unwrap() as z.ZodType)]
  return [schema]
}

function kindOf(schema: z.ZodType): Field['kind'] {
  switch (schema.def.type) {
    case 'string':
    case 'date':
      return 'text'
    case 'number':
      return 'number'
    case 'boolean':
      return 'switch'
    case 'enum':
      return 'choice'
    case 'array':
      return schema instanceof z.ZodArray && ['text', 'choice'].includes(kindOf(layersOf(schema.element as z.ZodType).at(-1) ?? schema))
        ? 'list'
        : 'json'
    default:
      return 'json'
  }
}

/** Adds an option for every field, and `--clear` if some can be cleared. */
export function addFields(command: Command, fields: readonly Field[]): void {
  for (const field of fields) for (const option of optionsOf(field)) command.addOption(option)
  const clearable = fields.filter(({ cleared }) => cleared !== undefined).map(({ flag }) => flag.slice(2))
  if (clearable.length > 0) command.addOption(new Option('--clear <fields...>', 'empty these fields').choices(clearable))
}

function optionsOf({ flag, kind, choices, required, negatable, parsed, reference, description }: Field): readonly Option[] {
  // Without --org it is the organization that the session works in.
  const must = (option: Option) => option.makeOptionMandatory(required && flag !== '--org')
  if (reference !== null && kind !== 'list') return [must(new Option(`${flag} <${reference.label}>`, description))]
  switch (kind) {
    case 'switch':
      return [new Option(flag, description), ...(negatable ? [new Option(`--no-${flag.slice(2)}`, `turn this off`)] : [])]
    case 'list':
      return [must(new Option(`${flag} <item>`, `${description}; repeat it or separate with commas`).argParser(listed))]
    case 'choice':
      return [must(new Option(`${flag} <${flag.slice(2)}>`, description).choices(choices))]
    case 'secret':
      return [
        new Option(`${flag}-stdin`, `read it from standard input (${description})`).conflicts(`${camel(flag)}Prompt`),
        ...(parsed ? [] : [new Option(`${flag}-prompt`, `ask for it on the terminal`)]),
        new Option(`${flag} [value]`).hideHelp().argParser(refuseSecret(flag, parsed)),
      ]
    default:
      return [must(new Option(`${flag} <${kind}>`, description))]
  }
}

function listed(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, ...text.split(',').map((item) => item.trim())].filter((item) => item !== '')
}

/** Everybody on the machine can read command lines, and the shell keeps them in its history. */
function refuseSecret(flag: string, parsed: boolean): () => never {
  return () => {
    throw usageError(
      `A secret does not belong on the command line, where others can read it.`,
      parsed ? `Pipe it in, with ${flag}-stdin.` : `Use ${flag}-prompt, or pipe it in with ${flag}-stdin.`,
    )
  }
}

/** Called before a secret is asked for: throws where it would be for nothing. The answer is said in the question; null: nothing is. */
type BeforeAsking = (field: string, input: Readonly<Record<string, unknown>>) => Promise<string | null>

/** The input that the options give. What is wrong is refused before secrets are read or asked for; names are not resolved yet. */
export async function inputOf(
  fields: readonly Field[],
  options: Readonly<Record<string, unknown>>,
  beforeAsking: BeforeAsking = async () => null,
): Promise<Record<string, unknown>> {
  const open = fields.filter(({ kind }) => kind !== 'secret')
  const input: Record<string, unknown> = {}
  for (const field of open) {
    const value = valueOf(field, options[camel(field.flag)])
    if (value !== undefined) input[field.name] = value
  }
  requireValid(open, input)
  const piped = await pipedSecrets(fields, options)
  for (const field of fields.filter(({ kind }) => kind === 'secret')) {
    const value = secretIn(field, piped[field.name] ?? (await askedSecret(field, options, () => beforeAsking(field.name, input))))
    if (value !== undefined) input[field.name] = value
  }
  for (const flag of (options['clear'] as string[] | undefined) ?? []) {
    const field = fields.find((candidate) => candidate.flag === `--${flag}`)
    if (field === undefined) continue
    if (field.name in input) throw usageError(`--${flag} and --clear ${flag} contradict each other.`)
    input[field.name] = field.cleared
  }
  return input
}

/** Refuses values that the server would refuse, as it does; what may be a name is looked up first. */
export function requireValid(fields: readonly Field[], input: Readonly<Record<string, unknown>>): void {
  const issues = fields.flatMap(({ name, schema, reference }) => {
    if (reference !== null || input[name] === undefined) return []
    const { error } = schema.safeParse(input[name], { error: inputWords })
    return (error?.issues ?? []).map((issue) => ({ ...issue, path: [name, ...issue.path] }))
  })
  if (issues.length > 0) throw invalidInputError(issues, input)
}

function secretIn({ parsed, flag }: Field, text: string | undefined): unknown {
  return parsed && text !== undefined ? parseJson(text, `${flag}-stdin`) : text
}

/** Reads secrets from standard input: all of it is one secret, or each line is one, in the order of the help. */
async function pipedSecrets(
  fields: readonly Field[],
  options: Readonly<Record<string, unknown>>,
): Promise<Readonly<Record<string, string>>> {
  const piped = fields.filter(({ kind, flag }) => kind === 'secret' && options[`${camel(flag)}Stdin`] === true)
  if (piped.length === 0) return {}
  const text = await readSecret()
  const values = piped.length === 1 ? [text] : text.split(/\r?\n/)
  if (values.length !== piped.length)
    throw usageError(`Standard input has to hold ${piped.length} lines: ${piped.map(({ name }) => words(name)).join(', then ')}.`)
  return Object.fromEntries(piped.map(({ name }, index) => [name, values[index] ?? '']))
}

/** A new password is asked for twice; any other secret once. */
async function askedSecret(
  { name, flag, required, parsed }: Field,
  options: Readonly<Record<string, unknown>>,
  before: () => Promise<string | null>,
): Promise<string | undefined> {
  if (options[`${camel(flag)}Prompt`] !== true && !required) return undefined
  const label = words(name).replace(/^[a-z]/, (letter) => letter.toUpperCase())
  if (parsed) throw usageError(`${label}: JSON is needed.`, `Pipe it in, with ${flag}-stdin.`)
  const told = await before()
  const question = told === null ? label : `${label} (${told})`
  return name === 'password' ? askNewSecret(question, `${flag}-stdin`) : askSecret(question, `${flag}-stdin`)
}

function valueOf({ kind, flag }: Field, given: unknown): unknown {
  if (typeof given !== 'string') return given
  if (kind === 'number') {
    if (!/^-?\d{1,15}$/.test(given)) throw usageError(`${flag} must be a whole number.`, `For example ${flag} 50`)
    return Number(given)
  }
  return kind === 'json' ? parseJson(given, flag) : given
}

/** Parses JSON. The error says where it breaks, without repeating the text, which may hold secrets. `next`: what to do about it. */
export function parseJson(text: string, source: string, next?: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch (error) {
    const message = error instanceof Error ? error.message : ''
    const step = next ?? exampleFor(source)
    if (endsEarly(message, text))
      throw usageError(
        `${source} is not JSON: it ends in the middle.`,
        step ?? 'It may be cut off: export it as JSON again, or copy it again.',
      )
    const where = /line \d+ column \d+/.exec(message)?.[0]
    throw usageError(`${source} is not JSON${where === undefined ? '' : `: it breaks at ${where}`}.`, step)
  }
}

/** By the message of JSON.parse: it was fine as far as the text goes. */
function endsEarly(message: string, text: string): boolean {
  if (/end of JSON input|Unterminated string/.test(message)) return true
  const [, position] = /at position (\d+)/.exec(message) ?? []
  return position !== undefined && Number(position) >= text.trimEnd().length
}

/** JSON as it is typed for an option or an argument; undefined: the source is neither. */
function exampleFor(source: string): string | undefined {
  if (!/^(?:--|<)/.test(source)) return undefined
  const json = examples[source] ?? '{"…":"…"}'
  return `Write JSON between single quotes, such as ${source} '${json}'`
}

const conditions = '{"email":{"contains":"@example.org"}}'
const examples: Readonly<Record<string, string>> = {
  '--where': conditions,
  '--filter': conditions,
  '--condition': '{"assurance":"aal2","networks":["192.0.2.0/24"]}',
  '--on': '{"organizationId":"org_01j…"}',
  '--preferences': '{"theme":"dark"}',
  '--input': '{"identifier":"ada"}',
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
