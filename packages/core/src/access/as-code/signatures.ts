import { z } from 'zod'
import { changes, group, reads } from '../../kernel/signature.ts'
import { organizationId } from '../../kernel/ids.ts'
import { builtInRole, cyclicRoles, roleExcluded, roleIncluded, roleNameTaken, tooManyInRole } from '../roles/errors.ts'
import { lastSuperadmin, notPromotable } from '../../users/errors.ts'
import { assigningErrors } from '../errors.ts'
import {
  builtInNotExcludable,
  exclusionNameTaken,
  exclusionTooLarge,
  exclusionTooSmall,
  exclusionViolated,
  heldOnResources,
} from '../separation/errors.ts'
import { AccessDocument } from './document.ts'
import { documentInvalid, planOutdated, testsFailed } from './errors.ts'
import { AccessChanges, Effects, TestResult } from './model.ts'

const document = AccessDocument.meta({ description: 'access as a document' })

/** Ten thousand assignments, and what goes with them. */
const largestDocument = { inputLimit: 4 * 1024 ** 2, mostValues: 150_000 }

const Tests = z.object({ passed: z.int(), failed: z.int(), results: z.array(TestResult) })

/** Errors of the single commands that a document replaces. */
const changeErrors = [
  lastSuperadmin,
  notPromotable,
  roleNameTaken,
  builtInRole,
  cyclicRoles,
  tooManyInRole,
  roleIncluded,
  roleExcluded,
  exclusionViolated,
  heldOnResources,
  exclusionNameTaken,
  builtInNotExcludable,
  exclusionTooSmall,
  exclusionTooLarge,
  ...assigningErrors,
]

export const asCodeSignatures = group('access', {
  diff: changes({
    ...largestDocument,
    summary: 'Show how a document differs from the current state',
    grantedTo: ['admin'],
    errors: [documentInvalid],
    input: z.strictObject({ document }),
    output: AccessChanges,
  }),
  plan: changes({
    ...largestDocument,
    summary: 'Show what a document would change, and who would gain and lose what',
    grantedTo: ['admin'],
    errors: [...changeErrors, documentInvalid],
    input: z.strictObject({ document }),
    output: z.object({
      fingerprint: z.string().meta({ description: 'a hash of everything it would do: pass it to access.apply as basedOn' }),
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
    ...largestDocument,
    summary: 'Apply a document: all of its changes, or none',
    grantedTo: ['admin'],
    errors: [...changeErrors, documentInvalid, planOutdated, testsFailed],
    input: z.strictObject({
      document,
      basedOn: z.string().max(64).optional().meta({ description: 'the fingerprint of a plan: refused if anything else would be done' }),
      skipTests: z.boolean().default(false).meta({ description: 'apply even if tests of the document fail' }),
    }),
    output: z.object({ changes: AccessChanges, effects: Effects, tests: Tests }),
  }),
  test: changes({
    ...largestDocument,
    summary: 'Run the tests of a document',
    grantedTo: ['admin'],
    errors: [...changeErrors, documentInvalid],
    input: z.strictObject({
      document,
      live: z.boolean().default(false).meta({ description: 'against the current state, not the one that the document would make' }),
    }),
    output: Tests,
  }),
  export: reads({
    summary: 'Show access as a document',
    grantedTo: ['admin'],
    input: z.strictObject({
      organizationId: organizationId.optional().meta({ description: 'of which organization (default: of the installation)' }),
    }),
    output: AccessDocument,
  }),
})
