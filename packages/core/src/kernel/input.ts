import type { z } from 'zod'
import { invalidInput, type DenizenError, type InputIssue } from './errors.ts'

const mostIssues = 20
const longestName = 64

/** The error for an input that does not parse: names every field at fault, without their values. */
export function invalidInputError(issues: readonly z.core.$ZodIssue[]): DenizenError {
  return invalidInput({ issues: issues.slice(0, mostIssues).flatMap(issuesOf) })
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

/** A parsed item of a batch, or the error why it does not parse. */
export type Item<Value> = { readonly ok: true; readonly value: Value } | { readonly ok: false; readonly error: DenizenError }

/** An item of a batch: one that does not parse fails alone. Secrets in it stay marked. */
export function item<Schema extends z.ZodType>(schema: Schema) {
  return schema
    .transform((value): Item<z.output<Schema>> => ({ ok: true, value }))
    .catch(({ error }) => ({ ok: false, error: invalidInputError(error.issues) }))
}
