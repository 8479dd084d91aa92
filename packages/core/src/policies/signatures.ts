import { z } from 'zod'
import { pageInput, pageOf } from '../kernel/page.ts'
import { changes, group, reads } from '../kernel/signature.ts'
import { versionRead } from '../kernel/version.ts'
import { organizationId } from '../organizations/model.ts'
import { resourcePolicy as policyName, userId } from '../users/model.ts'
import { policyInUse, policyIsDefault, policyNameTaken } from './errors.ts'
import { EffectiveLimit, holders, limitName, limits, Policy, policyDescription, policyId } from './model.ts'
import { policyUnknown } from '../users/errors.ts'

const isDefault = z
  .boolean()
  .meta({ description: 'whether it holds for everybody, where no other policy says something; there is one at the most' })

/** The actions of `policies`. */
export const policiesSignatures = group('policies', {
  create: changes({
    summary: 'Make a policy: named limits',
    errors: [policyNameTaken],
    input: z.strictObject({
      name: policyName,
      description: policyDescription.optional(),
      limits: limits.default({}).meta({ description: 'of what it does not say, the next policy or the settings do; null: unlimited' }),
      isDefault: isDefault.default(false),
    }),
    output: Policy,
  }),
  update: changes({
    summary: 'Change a policy, for all who have it',
    errors: [policyNameTaken],
    input: z.strictObject({
      policyId,
      version: versionRead,
      name: policyName.optional(),
      description: policyDescription.nullable().optional(),
      limits: limits.optional().meta({ description: 'limits to change, the others stay; null: unlimited' }),
      remove: z.array(limitName).max(20).optional().meta({ description: 'limits of which it is to say nothing any more' }),
      isDefault: isDefault.optional(),
    }),
    output: Policy,
  }),
  delete: changes({
    summary: 'Delete a policy that nobody has, or give those who have it another one',
    errors: [policyInUse, policyIsDefault],
    input: z.strictObject({
      policyId,
      reassignTo: policyId.nullable().optional().meta({ description: 'what whoever has it gets instead; null: none' }),
    }),
    output: z.object({ policyId, ...holders }),
  }),
  get: reads({
    summary: 'Show a policy, and how many have it',
    input: z.strictObject({ policyId }),
    output: Policy.extend(holders),
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
    summary: 'Give a policy to a user or an organization, or make it the default',
    errors: [policyUnknown],
    input: z
      .strictObject({
        policyId: policyId.nullable().meta({ description: 'null: none any more' }),
        userId: userId.optional(),
        organizationId: organizationId.optional().meta({ description: 'for what it owns, and for the users whose home it is' }),
        asDefault: z.boolean().default(false).meta({ description: 'for everybody, where no other policy says something' }),
      })
      .refine(
        ({ userId: user, organizationId: organization, asDefault }) =>
          [user !== undefined, organization !== undefined, asDefault].filter(Boolean).length === 1,
        'name a user, or an organization, or say asDefault',
      ),
    output: z.object({ policyId: policyId.nullable(), changed: z.boolean().meta({ description: 'false: it was so already' }) }),
  }),
  effective: reads({
    summary: 'Show the limits that hold for a user or an organization, and which policy says so',
    grantedTo: ['admin'],
    input: z
      .strictObject({
        userId: userId.optional().meta({ description: 'default: you' }),
        organizationId: organizationId
          .optional()
          .meta({ description: 'the limits of what it owns, which are those of the users whose home it is' }),
      })
      .refine(
        ({ userId: user, organizationId: organization }) => user === undefined || organization === undefined,
        'name a user or an organization, not both',
      ),
    output: z.object({ limits: z.array(EffectiveLimit) }),
  }),
})
