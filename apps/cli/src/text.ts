import { shellWord } from '@denizen/core/contract'
import { isUtf8 } from 'node:buffer'
import { basename } from 'node:path'
import { usageError } from './failure.ts'

/** All bytes of a stream, which is left as soon as there are more than `limit`: a device has no end. */
export async function bytesOf(stream: AsyncIterable<Buffer>, limit: number, tooLarge: () => Error): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of stream) {
    size += chunk.length
    if (size > limit) throw tooLarge()
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

/** The bytes of a file as text, without the byte order mark that some editors begin it with; `-` is standard input. Throws unless they are UTF-8. */
export function textIn(bytes: Buffer, file: string): string {
  if (!isUtf8(bytes)) throw notUtf8(bytes, file)
  return bytes.toString('utf8').replace(/^\uFEFF/, '')
}

/** What a file is called at the beginning of a sentence. */
export function nameOf(file: string): string {
  return file === '-' ? 'Standard input' : file
}

/** Letters that are not understood would be stored as "�": nobody is renamed without being asked. */
function notUtf8(bytes: Buffer, file: string): Error {
  const isUtf16 = /^(?:fffe|feff)/.test(bytes.toString('hex', 0, 2))
  const what = isUtf16 ? 'it is UTF-16' : `see line ${firstWrongLine(bytes)}`
  const convert = `iconv -f ${isUtf16 ? 'utf-16' : 'latin1'} -t utf-8`
  const line = file === '-' ? `… | ${convert} | …` : `${convert} ${shellWord(file)} > ${shellWord(`utf8-${basename(file)}`)}`
  return usageError(`${nameOf(file)} is not UTF-8: ${what}.`, `${isUtf16 ? 'Convert it' : 'Convert it, if it is Latin-1'}: ${line}`)
}

/** From 1. A line feed is never a part of another character. */
function firstWrongLine(bytes: Buffer): number {
  let start = 0
  for (let line = 1; ; line++) {
    const end = bytes.indexOf(0x0a, start)
    if (end === -1 || !isUtf8(bytes.subarray(start, end))) return line
    start = end + 1
  }
}
