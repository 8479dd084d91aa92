import { readFile } from 'node:fs/promises'
import { DenizenError } from '@denizen/core/calls'
import { usageError } from './failure.ts'
import { parseJson } from './input-options.ts'
import { readInput } from './prompts.ts'

/** Bytes. The most that is read from standard input; JavaScript strings cannot be much longer. */
const largestInput = 512 * 1024 * 1024

/** A record of a file with its line or position, from 1; or what is wrong with it. */
type FileRecord = { readonly place: number } & (
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly problem: string }
)

export interface RecordFile {
  readonly unit: 'line' | 'item'
  readonly records: readonly FileRecord[]
}

/** A file as text, without the byte order mark that some editors begin it with; `-` is standard input. */
export async function readText(file: string): Promise<string> {
  return (await readWhole(file)).replace(/^\uFEFF/, '')
}

async function readWhole(file: string): Promise<string> {
  if (file === '-') return readInput(largestInput)
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT')
      throw new DenizenError('cli.noFile', 'notFound', `There is no file ${file}.`, { next: 'Name another file, or - for standard input.' })
    throw usageError(`${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`)
  }
}

/** The records of a JSON array, or of a file with one JSON object a line. A line that is not JSON does not stop the others. */
export async function readRecords(file: string): Promise<RecordFile> {
  const name = file === '-' ? 'Standard input' : file
  const text = await readText(file)
  const whole = /^\s*\[/.test(text) ? parseJson(text, name, 'It begins like a JSON array, but is not one.') : null
  const found: RecordFile = Array.isArray(whole)
    ? { unit: 'item', records: whole.map((value: unknown, index) => ({ place: index + 1, ok: true, value })) }
    : { unit: 'line', records: text.split('\n').flatMap((line, index) => (line.trim() === '' ? [] : [recordOf(line, index + 1)])) }
  if (found.records.length === 0) throw usageError(`${name} is empty.`, expected)
  if (found.records.every(({ ok }) => !ok)) throw usageError(`${name} is not JSON.`, expected)
  return found
}

const expected = 'It has to be a JSON array, or one JSON object a line (NDJSON).'

function recordOf(line: string, place: number): FileRecord {
  try {
    return { place, ok: true, value: JSON.parse(line) as unknown }
  } catch {
    return { place, ok: false, problem: 'The line is not JSON.' }
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
