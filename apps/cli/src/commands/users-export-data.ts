import { existsSync } from 'node:fs'
import { open, rename, rm } from 'node:fs/promises'
import { counted, signatures, type InputOf, type OutputOf } from '@denizen/core/contract'
import type { Command } from 'commander'
import { addAction, type Input, type LeafOptions } from '../action-command.ts'
import type { Connection } from '../calls.ts'
import { denizen, formatOf } from '../common-options.ts'
import { usageError } from '../failure.ts'
import { json, note, print, printAnswer } from '../output.ts'
import { table } from '../table.ts'
import { withReauthentication } from '../reauthentication.ts'

const signature = signatures.users.exportData

type Data = OutputOf<typeof signature>
type Section = Data['sections'][number]

/** An export with its first page. */
interface Begun {
  readonly connection: Connection
  readonly first: Data
  readonly limit: number
}

type Write = (text: string) => Promise<void>

/** The most rows of a section in one call. */
const mostRows = 1000

/** What was written of a section. */
interface Written {
  readonly table: string
  readonly rows: number
  readonly purpose: string
}

/** Everything that is held about a user, whole: the command goes on until every section has ended. */
export function addExportData(users: Command): void {
  addAction(users, {
    signature,
    arguments: [{ field: 'userId', optional: true }],
    extend: (command) => command.option('--output <file>', 'write it into this new file, as JSON, and print what is in it'),
    show: () => '',
    answer: exportData,
    examples: [
      'users export-data --output my-data.json',
      'users export-data ada --output ada.json',
      'users export-data ada --json | jq .sections',
    ],
  })
}

async function exportData(connection: Connection, input: Input, options: LeafOptions): Promise<void> {
  const format = formatOf(options)
  const { output } = options
  const limit = Number(input['limit'] ?? mostRows)
  const begun: Begun = { connection, first: await page(connection, { ...input, limit }), limit }
  if (typeof output === 'string') {
    const written = await writeFileOf(begun, output)
    return printAnswer(format, { file: output, sections: written }, () => `${summary(written)}\n\nWritten to ${output}.`)
  }
  if (format !== 'text') return void (await writeAll(begun, async (text) => void process.stdout.write(text)))
  const written = await writeAll(begun, async () => {})
  print(summary(written))
  note(`The data itself: ${denizen} users export-data --output <file>, or --json.`)
}

/** A file that only its owner may read; none is overwritten. Until it is whole, it has another name. */
async function writeFileOf(begun: Begun, output: string): Promise<readonly Written[]> {
  const refused = (why: string) => usageError(`${output} cannot be written: ${why}.`, 'Name another file.')
  if (existsSync(output)) throw refused('it exists already')
  const part = `${output}.part`
  await rm(part, { force: true }) // of a command that was stopped
  const file = await open(part, 'wx', 0o600).catch((error: NodeJS.ErrnoException) => {
    throw refused(error.code === 'ENOENT' ? 'its folder is not there' : error.code === 'EACCES' ? 'you may not write there' : error.message)
  })
  try {
    const written = await writeAll(begun, (text) => file.write(text).then(() => {}))
    await rename(part, output)
    return written
  } catch (error) {
    await rm(part, { force: true })
    throw error
  } finally {
    await file.close()
  }
}

/** Writes the answer as one JSON document, a row a line, page by page: never more than one page is in memory. */
async function writeAll(begun: Begun, write: Write): Promise<readonly Written[]> {
  const { sections, omitted, userId, organizationId, at } = begun.first
  await write(`{\n  "userId": ${json(userId)},\n  "at": ${json(at)},\n  "organizationId": ${json(organizationId)},\n  "sections": [`)
  const written: Written[] = []
  for (const section of sections) {
    const { table: name, purpose, withheld } = section
    const head = [`"table": ${json(name)}`, `"purpose": ${json(purpose)}`, `"withheld": ${json(withheld)}`, `"rows": [`]
    await write(`${written.length === 0 ? '' : ','}\n    {\n      ${head.join(',\n      ')}`)
    const rows = await writeRows(begun, section, write)
    await write(`${rows === 0 ? '' : '\n      '}]\n    }`)
    written.push({ table: name, rows, purpose })
  }
  await write(`\n  ],\n  "omitted": ${json(omitted)}\n}\n`)
  return written
}

async function writeRows({ connection, first, limit }: Begun, section: Section, write: Write): Promise<number> {
  let count = 0
  for (let part: Section | undefined = section; part !== undefined;) {
    const { rows, nextCursor }: Section = part
    const lines = rows.map((row, index) => `${count + index === 0 ? '' : ','}\n        ${json(row)}`)
    if (lines.length > 0) await write(lines.join(''))
    count += rows.length
    part = nextCursor === null ? undefined : (await page(connection, { userId: first.userId, limit, cursor: nextCursor })).sections[0]
  }
  return count
}

function page(connection: Connection, input: Input): Promise<Data> {
  return withReauthentication(connection, () => connection.calls.users.exportData(input as InputOf<typeof signature>))
}

function summary(written: readonly Written[]): string {
  const held = written.filter(({ rows }) => rows > 0)
  const columns = [
    { title: 'SECTION', value: ({ table: name }: Written) => name },
    { title: 'ROWS', value: ({ rows }: Written) => rows },
    { title: 'WHAT IT IS FOR', whole: true, kept: true, value: ({ purpose }: Written) => purpose },
  ]
  const total = held.reduce((sum, { rows }) => sum + rows, 0)
  return `${table(held, columns)}\n\n${counted(total, 'row')} in ${counted(held.length, 'section')}.`
}
