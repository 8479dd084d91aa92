import { defineError, type InputIssue } from '../../kernel/errors.ts'

export const documentInvalid = defineError<{ issues: readonly InputIssue[]; count: number }>(
  'access.documentInvalid',
  'invalid',
  ({ issues, count }) => {
    const [first] = issues
    const more = count > 1 ? ` (and ${count - 1} more)` : ''
    return `The document cannot be applied: ${first === undefined ? 'it is not valid' : `${first.path}: ${first.message}`}${more}`
  },
)

export const planOutdated = defineError(
  'access.planOutdated',
  'conflict',
  'This would not do any more what the plan said: something changed since. Plan again, and look at it.',
)

export const testsFailed = defineError<{ failed: number; results: readonly Readonly<Record<string, unknown>>[] }>(
  'access.testsFailed',
  'conflict',
  ({ failed }) =>
    `Nothing was changed: ${failed} ${failed === 1 ? 'test of the document fails' : 'tests of the document fail'} with what it would make.`,
)
