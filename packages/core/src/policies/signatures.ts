import { z } from 'zod'
import { pageInput, pageOf } from '../kernel/page.ts'
import { changes, group, reads } from '../kernel/signature.ts'
import { versionRead } from '../kernel/version.ts'
import { organizationId, policyId, userId } from '../kernel/ids.ts'
import { resourcePolicy as policyName } from '../users/model.ts'
import { policyInUse, policyIsDefault, policyNameTaken } from './errors.ts'
import { EffectiveLimit, useCounts, limitName, limits, Policy, policyDescription } from './model.ts'
import { policyUnknown } from '../users/errors.ts'

const isDefault = z.boolean().meta({ description: 'whether it applies to everybody, after all other policies; at most one does' })

/** The actions of `policies`. */
export const policiesSignatures = group('policies', {
  create: changes({
    summary: 'Create a policy: named limits',
    errors: [policyNameTaken],
    input: z.strictObject({
      name: policyName,
      description: policyDescription.optional(),
      limits: limits
        .default({})
        .meta({ description: 'limits that it does not set come from the next policy or the settings; null: unlimited' }),
      isDefault: isDefault.default(false),
    }),
    output: Policy,
  }),
  update: changes({
    summary: 'Change a policy, for everybody who has it',
    errors: [policyNameTaken],
    input: z.strictObject({
      policyId,
      version: versionRead,
      name: policyName.optional(),
      description: policyDescription.nullable().optional(),
      limits: limits.optional().meta({ description: 'limits to change, others stay; null: unlimited' }),
      remove: z.array(limitName).max(20).optional().meta({ description: 'limits that it does not set any more' }),
      isDefault: isDefault.optional(),
    }),
    output: Policy,
  }),
  delete: changes({
    summary: 'Delete a policy that nobody has, or replace it for those who have it',
    errors: [policyInUse, policyIsDefault],
    input: z.strictObject({
      policyId,
      reassignTo: policyId.nullable().optional().meta({ description: 'the policy that replaces it; null: none' }),
    }),
    output: z.object({ policyId, ...useCounts }),
  }),
  get: reads({
    summary: 'Show a policy, and how many have it',
    input: z.strictObject({ policyId }),
    output: Policy.extend(useCounts),
  }),
  list: reads({
    summary: 'List the policies, by name',
    input: z.strictObject({
      ...pageInput,
      total: z.boolean().default(false).meta({ description: 'also count all of them' }),
    }),
    output: pageOf(Policy).extend({ total: z.int().nullable() }),
  }),
  assign: changes({
    summary: 'Assign a policy to a user or an organization, or make it the default',
    errors: [policyUnknown],
    input: z
      .strictObject({
        policyId: policyId.nullable().meta({ description: 'null: none' }),
        userId: userId.optional(),
        organizationId: organizationId.optional().meta({ description: 'for what it owns, and for the users whose home it is' }),
        asDefault: z.boolean().default(false).meta({ description: 'for everybody, after all other policies' }),
      })
      .refine(
        ({ userId: user, organizationId: organization, asDefault }) =>
          [user !== undefined, organization !== undefined, asDefault].filter(Boolean).length === 1,
        'name `userId` or `organizationId`, or say `asDefault`',
      ),
    output: z.object({ policyId: policyId.nullable(), changed: z.boolean().meta({ description: 'false: nothing to change' }) }),
  }),
  effective: reads({
    summary: 'Show the effective limits of a user or an organization, and where each comes from',
    grantedTo: ['admin'],
    input: z
      .strictObject({
        userId: userId.optional().meta({ description: 'default: you' }),
        organizationId: organizationId
          .optional()
          .meta({ description: 'the limits of what it owns, which also apply to users whose home it is' }),
      })
      .refine(
        ({ userId: user, organizationId: organization }) => user === undefined || organization === undefined,
        'name `userId` or `organizationId`, not both',
      ),
    output: z.object({ limits: z.array(EffectiveLimit) }),
  }),
})
