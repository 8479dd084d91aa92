import { invalidInputError } from '../kernel/input.ts'
import { inputWords } from '../kernel/input-words.ts'
import type { AnswerOf, OutputOf, ParsedInputOf, Signature } from '../kernel/signature.ts'

/** Parses an input. The error names every field at fault, without their values. */
export function parseInput<S extends Signature>(signature: S, input: unknown): ParsedInputOf<S> {
  const parsed = signature.input.safeParse(input ?? {}, { error: inputWords })
  if (parsed.success) return parsed.data as ParsedInputOf<S>
  throw invalidInputError(parsed.error.issues, input)
}

/** Parses an output: only what the schema names is returned. An invalid answer is a bug in the handler, and rolls back. */
export function parseOutput<S extends Signature>(signature: S, answer: AnswerOf<S>): OutputOf<S> {
  return signature.output.parse(answer) as OutputOf<S>
}
