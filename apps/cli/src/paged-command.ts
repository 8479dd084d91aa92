import type { ActionName } from '@denizen/core/calls'
import type { OutputOf, Signature } from '@denizen/core/contract'
import type { Command } from 'commander'
import { addAction, type ActionCommand, type Input, type LeafOptions } from './action-command.ts'
import { callNamed, type Connection } from './calls.ts'
import { usageError } from './failure.ts'
import { formatOf } from './common-options.ts'
import { json, note, print, printAnswer } from './output.ts'
import { table, type Column } from './table.ts'

interface Page<Item> {
  readonly items: readonly Item[]
  readonly nextCursor: string | null
  readonly total?: number | null
}

type ItemOf<S extends Signature> = OutputOf<S> extends { readonly items: readonly (infer Item)[] } ? Item : never

/** A query with pages as a command: a table for people, JSON for programs, one page or `--all`. */
export interface PagedFace<S extends Signature> extends Pick<
  ActionCommand<S>,
  'signature' | 'name' | 'arguments' | 'extend' | 'prepare' | 'examples'
> {
  /** The plural of its items: users. */
  readonly things: string
  readonly columns: readonly Column<ItemOf<S>>[]
  /** Looks up what the table shows and the answer does not have, such as names for ids. */
  readonly lookUp?: (connection: Connection, items: readonly ItemOf<S>[]) => Promise<void>
  /** A remark below the table. */
  readonly remark?: (page: OutputOf<S>, options: LeafOptions) => string
}

export function addPaged<S extends Signature<ActionName>>(parent: Command, face: PagedFace<S>): void {
  const { signature, things, columns, remark, lookUp } = face
  addAction(parent, {
    signature,
    ...(face.name !== undefined && { name: face.name }),
    ...(face.arguments !== undefined && { arguments: face.arguments }),
    ...(face.prepare !== undefined && { prepare: face.prepare }),
    examples: face.examples,
    extend(command) {
      command.option('--all', 'all pages, not only the first')
      command.option('--columns <names>', `with commas: ${columns.map(nameOf).join(', ')}`)
      face.extend?.(command)
    },
    show: () => '',
    answer: (connection, input, options) =>
      printPages(connection, signature.name, {
        input,
        options,
        things,
        columns: chosen(columns, options['columns']),
        lookUp: async (items) => lookUp?.(connection, items),
        remark: (page) => remark?.(page as OutputOf<S>, options) ?? '',
      }),
  })
}

/** A column as it is named on the command line: `last-seen`. */
function nameOf({ title }: { readonly title: string }): string {
  return title.toLowerCase().replaceAll(' ', '-')
}

/** The columns that `--columns` names, in its order; all of them without it. */
function chosen<Item>(columns: readonly Column<Item>[], names: unknown): readonly Column<Item>[] {
  if (typeof names !== 'string') return columns
  return names.split(',').map((name) => {
    const found = columns.find((column) => nameOf(column) === name.trim().toLowerCase())
    if (found === undefined) throw usageError(`There is no column "${name.trim()}".`, `The columns are ${columns.map(nameOf).join(', ')}.`)
    return found
  })
}

interface Listing<Item> {
  readonly input: Input
  readonly options: LeafOptions
  readonly things: string
  readonly columns: readonly Column<Item>[]
  readonly lookUp: (items: readonly Item[]) => Promise<void>
  readonly remark: (page: Page<Item>) => string
}

async function printPages<Item>(connection: Connection, name: ActionName, listing: Listing<Item>): Promise<void> {
  const { input, options } = listing
  const format = formatOf(options)
  const all = options['all'] === true
  const pages = callNamed(connection.calls, name)(all ? { limit: 100, ...input } : input) as Promise<Page<Item>> & AsyncIterable<Item>
  const first = await pages
  if (!all) {
    const last = format === 'text' && (await isLast(connection, name, input, first))
    if (format === 'text') await listing.lookUp(first.items)
    return printAnswer(format, first, (page) => pageText(last ? { ...page, nextCursor: null } : page, listing))
  }
  if (format === 'ndjson') {
    for await (const item of pages) print(json(item))
    return
  }
  const items: Item[] = []
  for await (const item of pages) items.push(item)
  const whole = { ...first, items, nextCursor: null }
  if (format === 'text') await listing.lookUp(items)
  printAnswer(format, whole, (page) => pageText(page, listing))
}

/**
 * Whether no row follows a page. Where a page is not full, there need not be one although it has a cursor:
 * users that are only similar are looked for when they are asked for.
 */
async function isLast(connection: Connection, name: ActionName, input: Input, { items, nextCursor }: Page<unknown>): Promise<boolean> {
  if (nextCursor === null) return true
  if (items.length >= (typeof input['limit'] === 'number' ? input['limit'] : fullPage)) return false
  const ahead = (await callNamed(connection.calls, name)({ ...input, limit: 1, cursor: nextCursor })) as Page<unknown>
  return ahead.items.length === 0 && ahead.nextCursor === null
}

/** Rows of a page whose size nobody named. */
const fullPage = 50

function pageText<Item>(page: Page<Item>, { things, columns, remark }: Listing<Item>): string {
  const { items, nextCursor, total } = page
  if (nextCursor !== null) note('There are more: --all shows all of them, --limit up to 100; --json has the cursor of the next page.')
  if (typeof total === 'number' && total > 0) note(`${items.length} of ${total} ${things}`)
  if (remark(page) !== '') note(remark(page))
  return items.length === 0 ? `No ${things} found.` : table(items, columns, 'a wider terminal, --columns or --json')
}
