import { shellWord } from '@denizen/core/contract'
import { constants } from 'node:buffer'
import { createReadStream } from 'node:fs'
import { DenizenError } from '@denizen/core/calls'
import { denizen } from './common-options.ts'
import { usageError } from './failure.ts'
import { parseJson } from './input-options.ts'
import { readInput } from './prompts.ts'
import { bytesOf, nameOf, textIn } from './text.ts'

/** Bytes, some 512 MiB: JavaScript strings cannot be longer. */
const largestInput = constants.MAX_STRING_LENGTH

/** A record of a file with its line or position, from 1; or what is wrong with it. */
type FileRecord = { readonly place: number } & (
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly code: 'cli.notJson' | 'request.invalid'; readonly problem: string }
)

export interface RecordFile {
  readonly unit: 'line' | 'item'
  readonly records: readonly FileRecord[]
}

/** A file as text, which has to be UTF-8; `-` is standard input. */
export async function readText(file: string): Promise<string> {
  if (file === '-') return readInput(largestInput)
  requireName(file)
  const stream = createReadStream(file, { highWaterMark: 1 << 20 })
  const bytes = await bytesOf(stream, largestInput, () => tooLarge(file)).catch((error: unknown) => {
    throw error instanceof DenizenError ? error : unreadable(file, error)
  })
  return textIn(bytes, file)
}

/** Every command that reads a file calls it `<file>`. An empty name is mostly a variable of a script that is not set. */
function requireName(file: string): void {
  if (file === '') throw usageError('<file> is empty: the name of a file is needed.', 'Name a file, or - for standard input.')
}

/** The error for a file or directory that the system does not let us read. */
export function unreadable(path: string, error: unknown): Error {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'for a reason that is not known'
  const another = 'Name another file, or - for standard input.'
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
    case 'ENAMETOOLONG':
      return new DenizenError('cli.noFile', 'notFound', `There is no file ${path}.`, { next: another })
    case 'EISDIR':
      return usageError(`${path} is a directory, where a file is needed.`, 'Name a file in it, or - for standard input.')
    case 'EACCES':
    case 'EPERM':
      return usageError(`You may not read ${path}.`, `See who may: ls -ld ${shellWord(path)}`)
    default:
      return usageError(`${path} cannot be read (${code}).`, another)
  }
}

function tooLarge(file: string): Error {
  return usageError(`${file} is larger than 512 MiB.`, 'Split it, and give the parts one after another.')
}

/** The records of a JSON array, or of a file with one JSON object a line. A line that is not JSON does not stop the others. */
export async function readRecords(file: string): Promise<RecordFile> {
  const name = nameOf(file)
  const text = await readText(file)
  if (text.trim() === '') throw usageError(`${name} is empty.`, expected)
  const found = /^\s*\[/.test(text) ? itemsOf(text, name) : linesOf(text)
  const [first] = found.records
  if (first === undefined) throw usageError(`${name} is empty.`, expected)
  if (found.unit === 'line') requireNoSingleObject(text, file, found)
  if (first.ok && isRealm(first.value)) throw isARealm(file)
  if (found.records.every((record) => !record.ok && record.code === 'cli.notJson')) throw usageError(`${name} is not JSON.`, expected)
  return found
}

const expected = 'It has to be a JSON array, or one JSON object a line (NDJSON).'

function itemsOf(text: string, name: string): RecordFile {
  const items = parseJson(
    text,
    name,
    'Mend it, or export it again; with one JSON object a line, a line that is wrong does not stop the others.',
  )
  return { unit: 'item', records: (items as unknown[]).map((value, index) => recordWith(index + 1, value)) }
}

function linesOf(text: string): RecordFile {
  return { unit: 'line', records: text.split('\n').flatMap((line, index) => (line.trim() === '' ? [] : [recordOf(line, index + 1)])) }
}

/** Throws if the file is one object over several lines. One in one line is a list of one. */
function requireNoSingleObject(text: string, file: string, { records: [first] }: RecordFile): void {
  if (first?.ok === true) return
  const whole = parsedOrNull(text)
  if (whole === null || typeof whole !== 'object') return
  if (isRealm(whole)) throw isARealm(file)
  const list =
    'users' in whole && Array.isArray(whole.users) && file !== '-' ? ` Its list alone: jq .users ${shellWord(file)} > users.json` : ''
  throw usageError(`${nameOf(file)} is one JSON object, not a list.`, expected + list)
}

function isRealm(value: unknown): boolean {
  return value !== null && typeof value === 'object' && 'realm' in value && 'users' in value && Array.isArray(value.users)
}

function isARealm(file: string): Error {
  return usageError(
    `${nameOf(file)} is a realm of Keycloak, not a list of users.`,
    `Import it: ${denizen} users import ${shellWord(file)} --dry-run`,
  )
}

function parsedOrNull(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

/** Keys that are not sent, in any record: one would stop all of them. */
function recordWith(place: number, value: unknown): FileRecord {
  const [, key] = /"(__proto__|constructor|prototype)":/.exec(JSON.stringify(value)) ?? []
  return key === undefined
    ? { place, ok: true, value }
    : { place, ok: false, code: 'request.invalid', problem: `The key "${key}" is reserved.` }
}

function recordOf(line: string, place: number): FileRecord {
  try {
    return recordWith(place, JSON.parse(line))
  } catch {
    return { place, ok: false, code: 'cli.notJson', problem: 'The line is not JSON.' }
  }
}

/** The lines of standard input that are not empty. */
export async function readLines(): Promise<readonly string[]> {
  const text = await readInput(largestInput)
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
}
