import type { ActionName } from '@denizen/core/calls'
import { isObject, signatures, type Signature } from '@denizen/core/contract'
import type { Command } from 'commander'
import { z } from 'zod'
import { addAction, linesOf } from './action-command.ts'
import { fieldsOf, kebab } from './input-options.ts'
import { bold, json, record } from './output.ts'
import { table, type Column } from './table.ts'
import { addPaged } from './paged-command.ts'

/** Groups with a shorter name than the namespace of their actions. */
const groupNames: Readonly<Record<string, string>> = { organizations: 'orgs' }

/**
 * Adds a command for every action that has none yet: `denizen <group> <verb>`, with the fields of the input as options. A query with pages
 * prints a table of the fields of its items, and has `--all`.
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
  const examples = [`${group.name()} ${kebab(verb)}${neededBy(signature)}`]
  const columns = columnsOf(signature)
  if (columns === null) addAction(group, { signature, show: answerText, examples })
  else addPaged(group, { signature, things: itemsOf(namespace, verb), columns, examples })
}

/** The fields of the items of a page, the id last; null: the answer is no page. */
function columnsOf({ output }: Signature): readonly Column<unknown>[] | null {
  const { items, nextCursor } = output instanceof z.ZodObject ? output.shape : {}
  if (!(items instanceof z.ZodArray) || nextCursor === undefined) return null
  if (!(items.element instanceof z.ZodObject)) return [{ title: 'ITEM', value: textOf }]
  const names = Object.keys(items.element.shape)
  return [...names.filter((name) => name !== 'id'), ...names.filter((name) => name === 'id')].map((name) => ({
    title: wordsOf(name).toUpperCase(),
    whole: name === 'id',
    value: (item) => textOf((item as Readonly<Record<string, unknown>>)[name]),
  }))
}

/** What a query lists, in the plural: `teams.list`, `users.listTeams` and `teams.listOfUser` list teams, `sessions.listActive` active sessions. */
export function itemsOf(namespace: string, verb: string): string {
  if (!verb.startsWith('list')) return 'items'
  const words = wordsOf(verb.slice('list'.length))
  if (words === '' || /^(of|for|with|without|in|on|by|from|to) /.test(words)) return namespace
  return /s$| /.test(words) ? words : `${words} ${namespace}`
}

function groupOf(program: Command, namespace: string): Command {
  const name = groupNames[namespace] ?? namespace
  const existing = program.commands.find((command) => command.name() === name)
  return existing ?? program.command(name).description(`Everything under ${namespace}`)
}

/** The required options, as they are typed. */
function neededBy(signature: Signature): string {
  const needed = fieldsOf(signature).filter(({ required }) => required)
  return needed.map(({ flag, kind }) => (kind === 'secret' ? ` ${flag}-stdin` : ` ${flag} …`)).join('')
}

/** Any answer as text: its fields, one a line; what has fields itself and lists of things come below, under their names. */
function answerText(answer: unknown): string {
  if (!isThing(answer)) return json(answer)
  const fields = Object.entries(answer)
  const lines = fields.flatMap(([name, value]) => (sectionOf(value) === null ? [[wordsOf(name), textOf(value)] as const] : []))
  const sections = fields.flatMap(([name, value]) => {
    const text = sectionOf(value)
    return text === null ? [] : [`${bold(wordsOf(name))}\n${text}`]
  })
  return [...(lines.length === 0 ? [] : [record(lines)]), ...sections].join('\n\n')
}

/** A value that takes lines of its own; null: it fits beside its name. */
function sectionOf(value: unknown): string | null {
  if (isListOfObjects(value)) return tableOf(value)
  return isThing(value) && Object.keys(value).length > 0 ? answerText(value) : null
}

type Row = Readonly<Record<string, unknown>>

function isThing(value: unknown): value is Row {
  return isObject(value) && !(value instanceof Date)
}

function isListOfObjects(value: unknown): value is readonly Row[] {
  return Array.isArray(value) && value.length > 0 && value.every((item) => isObject(item))
}

function tableOf(rows: readonly Row[]): string {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))]
  return table(
    rows,
    names.map((name) => ({ title: wordsOf(name).toUpperCase(), whole: name === 'id', value: (row: Row) => textOf(row[name]) })),
  )
}

/** A value as `record` and `table` print it: what they do not know is JSON. */
function textOf(value: unknown): unknown {
  if (Array.isArray(value) && !value.some((item) => isObject(item))) return value
  return typeof value !== 'object' || value === null || value instanceof Date ? value : json(value)
}

function wordsOf(name: string): string {
  return kebab(name).replaceAll('-', ' ').trim()
}
