import { DenizenError, kinds } from '@denizen/core/calls'
import type { Command } from 'commander'
import { linesOf } from './action-command.ts'
import { detailsOf, type Issue } from './error-details.ts'
import { kebab } from './input-options.ts'
import { denizen } from './common-options.ts'
import { referenceOf } from './references.ts'

/**
 * The error in the words of the command line: fields of the input are called as they are typed, actions by their
 * command. The codes and details stay as they are.
 */
export function inWordsOf(command: Command, program: Command, error: DenizenError): DenizenError {
  const { code, kind, details } = error
  // Those of a configuration have the names of settings.
  const issues = detailsOf(error).issues.map((issue) => typedIssue(command, issue))
  const [first] = issues
  const only = code === 'request.invalid' && issues.length === 1 && first !== undefined
  const text = only ? said(first) : (commandTexts[code] ?? error.message)
  const message = withCommands(program, withFields(command, text))
  return new DenizenError(code, kind, message, issues.length === 0 ? details : { ...details, issues }, error)
}

/** Shorter texts for errors that name an action to call: the next step says what to type. */
const commandTexts: Readonly<Record<string, string>> = {
  'auth.freshProofRequired': 'This is a sensitive change, and has to be confirmed.',
}

function typedIssue(command: Command, issue: Issue): Issue {
  return { ...issue, path: pathIn(command, issue.path), message: withFields(command, issue.message) }
}

/** A message that names the option itself is a sentence: "--email: --email or --username is needed" would say it twice. */
function said({ path, message }: Issue): string {
  if (/^[-<]/.test(path) && message.split(/[\s,:]+/).includes(path)) return message.replace(/^[a-z]/, (letter) => letter.toUpperCase())
  return `${path === '' ? 'input' : path}: ${message}`
}

/** `where.name` is in `--where`; the rest of the path is what stands in its JSON. An item of a list is called by its value. */
function pathIn(command: Command, path: string): string {
  const [field = '', ...rest] = path.split('.')
  const word = wordFor(command, field)
  const values: unknown = word === null ? null : command.getOptionValue(kebabless(word))
  const item: unknown = Array.isArray(values) ? values[Number(rest[0])] : undefined
  if (word !== null && typeof item === 'string') return [`${word} ${item}`, ...rest.slice(1)].join('.')
  if (word === '--limit' && rest.length > 0) return `${word} ${rest.join('.')}`
  return [word ?? field, ...rest].join('.')
}

/** `allowedIps` of `--allowed-ips`, as commander keeps it. */
function kebabless(flag: string): string {
  return flag.slice(2).replaceAll(/-([a-z])/g, (_, letter: string) => letter.toUpperCase())
}

/** Options whose names differ from those of their fields. */
const renamedOptions: Readonly<Record<string, string>> = { validFrom: '--from', validUntil: '--until', limits: '--limit' }

/** How a field is typed: `--org`, `<user>`; null: not at all. */
function wordFor(command: Command, field: string): string | null {
  const known = referenceOf(field)
  const secret = [`--${kebab(field)}-prompt`, `--${kebab(field)}-stdin`]
  const flags = [known?.flag, renamedOptions[field], `--${kebab(field)}`, ...secret].filter((flag) => flag !== undefined)
  const options = flags.flatMap((flag) => command.options.find(({ long, hidden }) => long === flag && !hidden) ?? [])
  // A secret is read in one of two ways: the one that was chosen is told.
  const typed = options.find((option) => command.getOptionValue(option.attributeName()) !== undefined) ?? options[0]
  if (typed?.long !== undefined && typed.long !== null) return typed.long
  const label = known?.reference.label ?? kebab(field)
  return command.registeredArguments.some((argument) => argument.name() === label) ? `<${label}>` : null
}

/** Fields in backticks, or with a capital inside: other words are names of fields only perhaps. */
export function withFields(command: Command, text: string): string {
  const unquoted = text.replaceAll(/`(\w+)`/g, (_quoted, field: string) => wordFor(command, field) ?? field)
  return unquoted.replaceAll(/(?<![\w.])[a-z]+(?:[A-Z][a-z]+)+(?!\w|\.\w|\()/g, (word) => wordFor(command, word) ?? word)
}

function withCommands(program: Command, text: string): string {
  if (!/[a-z]\.[a-z]/.test(text)) return text
  const lines = new Map<string, string>(linesOf(program))
  // Actions to call, not permissions of the same name.
  return text.replaceAll(/(?<=\b(?:call|with|by|read|through) )[a-z]+\.[a-zA-Z]+(?!\w|\.\w)/g, (word) => {
    const line = Object.hasOwn(kinds, word) ? lines.get(word) : undefined
    return line === undefined ? word : `"${denizen} ${line}"`
  })
}
