import type { z } from 'zod'
import { invalidInput, type InputIssue } from '../kernel/errors.ts'
import type { AnswerOf, OutputOf, ParsedInputOf, Signature } from '../kernel/signature.ts'

const mostIssues = 20
const longestName = 64

/** The input as the handler gets it, or an error that names every field at fault and repeats none of their values. */
export function parseInput<S extends Signature>(signature: S, input: unknown): ParsedInputOf<S> {
  const parsed = signature.input.safeParse(input ?? {})
  if (parsed.success) return parsed.data as ParsedInputOf<S>
  throw invalidInput({ issues: parsed.error.issues.slice(0, mostIssues).flatMap(issuesOf) })
}

/** Only what the model names leaves. A handler that answers something else is a bug, and rolls back. */
export function parseOutput<S extends Signature>(signature: S, answer: AnswerOf<S>): OutputOf<S> {
  return signature.output.parse(answer) as OutputOf<S>
}

function issuesOf(issue: z.core.$ZodIssue): readonly InputIssue[] {
  if (issue.code === 'unrecognized_keys')
    return issue.keys.slice(0, mostIssues).map((key) => ({ path: pathOf([...issue.path, key]), message: 'there is no such field' }))
  return [{ path: pathOf(issue.path), message: issue.message }]
}

function pathOf(path: readonly PropertyKey[]): string {
  return path.map((part) => clip(String(part))).join('.')
}

function clip(name: string): string {
  return name.length > longestName ? `${name.slice(0, longestName)}…` : name
}
