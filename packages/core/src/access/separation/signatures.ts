import { z } from 'zod'
import { pageInput, pageOf } from '../../kernel/page.ts'
import { changes, group, reads } from '../../kernel/signature.ts'
import { singleLine } from '../../text/index.ts'
import { versionRead } from '../../kernel/version.ts'
import { organizationInactive } from '../../organizations/errors.ts'
import { exclusionId, organizationId, roleId } from '../../kernel/ids.ts'
import { notHeld } from '../assignments/errors.ts'
import {
  builtInNotExcludable,
  exclusionNameTaken,
  exclusionTooLarge,
  exclusionTooSmall,
  exclusionViolated,
  heldOnResources,
  noSession,
  tooManyActive,
} from './errors.ts'
import { ActiveRole, activeRoleState, Exclusion } from './model.ts'

/** Roles of a set at most. */
export const mostRoles = 50
const exclusionName = singleLine(100).pipe(z.string().min(1))
const cardinality = z.int().min(2).max(mostRoles).meta({ description: 'as many of the roles together are too many' })
const kind = z.enum(['static', 'dynamic']).meta({
  description: 'static: nobody is assigned too many of them; dynamic: nobody uses too many in one session',
})

const ActivationResult = z.object({
  roleId,
  state: activeRoleState,
  changed: z.boolean().meta({ description: 'false: nothing to change' }),
})

/** Of a set that is created or changed. */
const exclusionErrors = [
  organizationInactive,
  exclusionViolated,
  heldOnResources,
  exclusionNameTaken,
  builtInNotExcludable,
  exclusionTooSmall,
  exclusionTooLarge,
  notHeld,
]

/** Actions on separation of duty and active roles. */
export const separationSignatures = group('access', {
  createExclusion: changes({
    summary: 'Create a set of mutually exclusive roles (separation of duty)',
    grantedTo: ['admin'],
    errors: exclusionErrors,
    input: z.strictObject({
      organizationId: organizationId.optional().meta({ description: 'where it counts (default: everywhere)' }),
      name: exclusionName,
      kind,
      roleIds: z.array(roleId).min(2).max(mostRoles).meta({ description: 'roles of the organization, or of the installation' }),
      cardinality: cardinality.default(2),
    }),
    output: Exclusion,
  }),
  updateExclusion: changes({
    summary: 'Change a set of mutually exclusive roles',
    grantedTo: ['admin'],
    errors: exclusionErrors,
    input: z.strictObject({
      exclusionId,
      version: versionRead,
      name: exclusionName.optional(),
      addRoleIds: z.array(roleId).max(mostRoles).optional().meta({ description: 'roles to add' }),
      removeRoleIds: z.array(roleId).max(mostRoles).optional().meta({ description: 'roles to remove' }),
      cardinality: cardinality.optional(),
    }),
    output: Exclusion,
  }),
  deleteExclusion: changes({
    summary: 'Delete a set of mutually exclusive roles',
    grantedTo: ['admin'],
    errors: [organizationInactive, notHeld],
    input: z.strictObject({ exclusionId }),
    output: z.object({ exclusionId }),
  }),
  listExclusions: reads({
    summary: 'List the sets of mutually exclusive roles',
    grantedTo: ['admin'],
    input: z.strictObject({
      ...pageInput,
      organizationId: organizationId.optional().meta({ description: 'of which organization (default: the installation)' }),
      roleId: roleId.optional().meta({ description: 'only those that this role is in' }),
      kind: kind.optional(),
      total: z.boolean().default(false).meta({ description: 'also count every set that matches' }),
    }),
    output: pageOf(Exclusion).extend({ total: z.int().nullable() }),
  }),
  activateRole: changes({
    summary: 'Activate one of your roles in this session',
    errors: [noSession, tooManyActive],
    input: z.strictObject({ roleId }),
    output: ActivationResult,
  }),
  deactivateRole: changes({
    summary: 'Deactivate one of your roles in this session',
    errors: [noSession],
    input: z.strictObject({ roleId }),
    output: ActivationResult,
  }),
  listActiveRoles: reads({
    summary: 'List your roles and their state in this session',
    errors: [noSession],
    input: z.strictObject({}),
    output: z.object({ items: z.array(ActiveRole) }),
  }),
})
