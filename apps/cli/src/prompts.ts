import { confirm, isCancel, password, text, updateSettings, type CANCEL_SYMBOL } from '@clack/prompts'
import { DenizenError } from '@denizen/core/calls'
import type { Connection } from './calls.ts'
import { cancelled, usageError } from './failure.ts'
import { inLine, note, printable } from './output.ts'
import { bytesOf, textIn } from './text.ts'

/** Prompts go to standard error, so that standard output holds only the answer. */
const terminal = { output: process.stderr }

/** Ctrl-D ends the input as Ctrl-C does: otherwise a prompt waits for a terminal that is closed. */
updateSettings({ aliases: { '\u0004': 'cancel' } })

/** Longer than any password: somebody piped in the wrong file. */
const longestSecret = 65_536

/** Whether there is a terminal to ask on. */
export function canAsk(): boolean {
  return process.stdin.isTTY && process.stderr.isTTY
}

function answered<T extends string | boolean>(answer: T | typeof CANCEL_SYMBOL): T {
  if (isCancel(answer)) throw cancelled()
  return answer
}

/** Asks for a line of text; without a terminal, the error names the option. */
export async function askText(message: string, option: string): Promise<string> {
  if (!canAsk()) throw usageError(`${message} is missing, and there is no terminal to ask.`, `Give it with ${option}.`)
  return answered(await text({ message, validate: (value) => (value ? undefined : 'Please enter something.'), ...terminal }))
}

/** Asks for a secret without showing it. */
export async function askSecret(message: string, option: string): Promise<string> {
  if (!canAsk()) throw usageError(`${message} is missing, and there is no terminal to ask.`, `Pipe it in, with ${option}.`)
  return answered(await password({ message, validate: (value) => (value ? undefined : 'Please enter something.'), ...terminal }))
}

/** What the question for a new password says, before anybody chooses one. */
export function leastLength(characters: number): string {
  return `at least ${characters} characters`
}

/** Asks twice, for a secret that cannot be looked up afterwards. */
export async function askNewSecret(message: string, option: string): Promise<string> {
  return askedAgainAfter(['cli.usage'], async () => {
    const first = await askSecret(message, option)
    if ((await askSecret(`${message}, again`, option)) !== first) throw usageError('The two do not match.')
    return first
  })
}

/** How often somebody may mistype. The server counts for itself. */
const mostTries = 5

/** Asks, and at a terminal asks again after an answer that was wrong (one of these errors), so that nobody has to begin anew. */
export async function askedAgainAfter<T>(wrong: readonly string[], ask: () => Promise<T>): Promise<T> {
  for (let left = mostTries; ; left--) {
    try {
      return await ask()
    } catch (error) {
      if (!canAsk() || left <= 1 || !(error instanceof DenizenError) || !wrong.includes(error.code)) throw error
      note(inLine(error.message))
    }
  }
}

/** Everything on standard input, which has to be UTF-8. */
export async function readInput(limit: number): Promise<string> {
  const tooLarge = () => usageError(`There are more than ${limit} bytes on standard input.`)
  return textIn(await bytesOf(process.stdin, limit, tooLarge), '-')
}

/** A secret from standard input, without the line break at its end. */
export async function readSecret(): Promise<string> {
  return (await readInput(longestSecret)).replace(/\r?\n$/, '')
}

/** The question, with the server where it is about: who keeps several logins may take one for the other. */
export function placed(question: string, { context, url, isOneOfMany }: Connection): string {
  return isOneOfMany && url !== null ? `[${context ?? 'no login'}, ${url}] ${question}` : question
}

/** Asks for confirmation; throws if it is not given. Without a terminal --yes is required. `plans`: whether a dry run is possible. */
export async function confirmed(question: string, yes: boolean | undefined, plans = true): Promise<void> {
  if (yes === true) return
  if (!canAsk())
    throw usageError(`${question} There is no terminal to ask on.`, `Add --yes to go ahead${plans ? ', or --dry-run to look first' : ''}.`)
  if (!answered(await confirm({ message: printable(question), initialValue: false, ...terminal }))) throw cancelled()
}
