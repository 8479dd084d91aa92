import { confirm, isCancel, password, text, type CANCEL_SYMBOL } from '@clack/prompts'
import { cancelled, usageError } from './failure.ts'

/** Questions go to standard error, so that standard output stays the answer. */
const terminal = { output: process.stderr }

/** More than any password; who pipes a whole file made a mistake. */
const longestSecret = 65_536

/** Whether somebody sits there. */
export function canAsk(): boolean {
  return process.stdin.isTTY && process.stderr.isTTY
}

function answered<T extends string | boolean>(answer: T | typeof CANCEL_SYMBOL): T {
  if (isCancel(answer)) throw cancelled()
  return answer
}

/** Asks for a line of text; without a terminal says which option gives it. */
export async function askText(message: string, option: string): Promise<string> {
  if (!canAsk()) throw usageError(`${message} is missing, and there is no terminal to ask.`, `Give it with ${option}.`)
  return answered(await text({ message, validate: (value) => (value ? undefined : 'Type something.'), ...terminal }))
}

/** Asks for a secret without showing it. */
export async function askSecret(message: string, option: string): Promise<string> {
  if (!canAsk()) throw usageError(`${message} is missing, and there is no terminal to ask.`, `Pipe it in, with ${option}.`)
  return answered(await password({ message, validate: (value) => (value ? undefined : 'Type something.'), ...terminal }))
}

/** The same twice, for a secret that nobody can look up afterwards. */
export async function askNewSecret(message: string, option: string): Promise<string> {
  const first = await askSecret(message, option)
  if ((await askSecret(`${message}, once more`, option)) !== first) throw usageError('The two were not the same.')
  return first
}

/** Everything on standard input. */
export async function readInput(limit: number): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > limit) throw usageError(`There are more than ${limit} bytes on standard input.`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

/** A secret from standard input: all of it but the line break at its end. */
export async function readSecret(): Promise<string> {
  return (await readInput(longestSecret)).replace(/\r?\n$/, '')
}

/** Lets somebody think again. Where nobody can be asked, the answer is no. */
export async function confirmed(question: string, yes: boolean | undefined): Promise<void> {
  if (yes === true) return
  if (!canAsk()) throw usageError(`${question} There is no terminal to ask on.`, 'Say --yes to go ahead, or --dry-run to look first.')
  if (!answered(await confirm({ message: question, initialValue: false, ...terminal }))) throw cancelled()
}
