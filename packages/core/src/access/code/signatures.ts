import { z } from 'zod'
import { changes, group, reads } from '../../kernel/signature.ts'
import { organizationId } from '../../organizations/model.ts'
import { AccessDocument } from './document.ts'
import { AccessChanges, Effects, TestResult } from './model.ts'

const document = AccessDocument.meta({ description: 'access as a document' })

const Tests = z.object({ passed: z.int(), failed: z.int(), results: z.array(TestResult) })

export const codeSignatures = group('access', {
  diff: changes({
    summary: 'Tell what a document says otherwise than it stands',
    input: z.strictObject({ document }),
    output: AccessChanges,
  }),
  plan: changes({
    summary: 'Tell what a document would change, and who would gain and lose what',
    input: z.strictObject({ document }),
    output: z.object({
      fingerprint: z.string().meta({ description: 'of all that it would do: access.apply takes it as basedOn' }),
      changes: AccessChanges,
      effects: Effects,
      tests: Tests,
      refusal: z
        .object({ code: z.string(), message: z.string() })
        .nullable()
        .meta({ description: 'why you may not apply it; null: you may' }),
    }),
  }),
  apply: changes({
    summary: 'Make access what a document says, all of it or nothing',
    input: z.strictObject({
      document,
      basedOn: z.string().max(64).optional().meta({ description: 'the fingerprint of a plan: anything else than that is not done' }),
      skipTests: z.boolean().default(false).meta({ description: 'also where tests of the document fail' }),
    }),
    output: z.object({ changes: AccessChanges, effects: Effects, tests: Tests }),
  }),
  test: changes({
    summary: 'Run the tests of a document',
    input: z.strictObject({
      document,
      live: z.boolean().default(false).meta({ description: 'against what stands, not what the document would make' }),
    }),
    output: Tests,
  }),
  export: reads({
    summary: 'Show access as a document',
    input: z.strictObject({
      organizationId: organizationId.optional().meta({ description: 'of which organization (default: the installation)' }),
    }),
    output: AccessDocument,
  }),
})
