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
  'Something changed since the plan was made, so applying it would do something else than it says. Plan again and look at the new plan.',
)

export const testsFailed = defineError<{ failed: number; results: readonly Readonly<Record<string, unknown>>[] }>(
  'access.testsFailed',
  'conflict',
  ({ failed }) =>
    `Nothing was changed: ${failed} ${failed === 1 ? "of the document's tests fails" : "of the document's tests fail"} with the access that it describes.`,
)
