import { invalidInputError } from '../kernel/input.ts'
import type { AnswerOf, OutputOf, ParsedInputOf, Signature } from '../kernel/signature.ts'

/** The input as the handler gets it, or an error that names every field at fault and repeats none of their values. */
export function parseInput<S extends Signature>(signature: S, input: unknown): ParsedInputOf<S> {
  const parsed = signature.input.safeParse(input ?? {})
  if (parsed.success) return parsed.data as ParsedInputOf<S>
  throw invalidInputError(parsed.error.issues)
}

/** Only what the model names leaves. A handler that answers something else is a bug, and rolls back. */
export function parseOutput<S extends Signature>(signature: S, answer: AnswerOf<S>): OutputOf<S> {
  return signature.output.parse(answer) as OutputOf<S>
}
