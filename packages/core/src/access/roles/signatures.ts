import { z } from 'zod'
import { exclusionViolated, heldOnResources, notHeld, unknownPermission } from '../errors.ts'
import { permissionPattern, Role, roleDescription, roleName } from '../model.ts'
import { organizationId, roleId } from '../../kernel/ids.ts'
import { pageInput, pageOf } from '../../kernel/page.ts'
import { changes, group, reads } from '../../kernel/signature.ts'
import { singleLine } from '../../text/index.ts'
import { versionRead } from '../../kernel/version.ts'
import { organizationInactive } from '../../organizations/errors.ts'
import { builtInRole, cyclicRoles, roleExcluded, roleIncluded, roleNameTaken, tooManyInRole } from './errors.ts'
import { mostIncluded, mostPermissions } from './hierarchy.ts'

const whose = organizationId
  .optional()
  .meta({ description: 'the organization that it belongs to (default: the installation; then every organization can use it)' })
const included = z
  .array(roleId)
  .max(mostIncluded)
  .meta({ description: 'roles that it includes: of the same organization, or of the installation' })
const permission = permissionPattern.meta({
  description:
    'users.get, users.*, document.read, document.*, queries (all that only read), application (all that are no action of Denizen), *',
})

const Changed = z.object({ role: Role, changed: z.boolean().meta({ description: 'false: nothing to change' }) })

/** The actions of `roles`. */
export const rolesSignatures = group('roles', {
  create: changes({
    summary: 'Create a role: a named set of permissions',
    grantedTo: ['admin'],
    errors: [roleNameTaken, tooManyInRole, organizationInactive, unknownPermission, notHeld],
    input: z.strictObject({
      organizationId: whose,
      name: roleName,
      description: roleDescription.optional(),
      permissions: z.array(permission).max(mostPermissions).default([]),
      includes: included.default([]),
    }),
    output: Role,
  }),
  update: changes({
    summary: 'Change the name or description of a role',
    grantedTo: ['admin'],
    errors: [roleNameTaken, builtInRole, organizationInactive, notHeld],
    input: z.strictObject({
      roleId,
      version: versionRead,
      name: roleName.optional(),
      description: roleDescription.nullable().optional(),
    }),
    output: Role,
  }),
  delete: changes({
    summary: 'Delete a role, and end its assignments',
    grantedTo: ['admin'],
    errors: [builtInRole, roleIncluded, roleExcluded, organizationInactive, notHeld],
    input: z.strictObject({ roleId }),
    output: z.object({
      roleId,
      assignmentsEnded: z.int().meta({ description: 'how many assignments to users and teams ended' }),
      exclusionsLeft: z.int().meta({ description: 'how many sets of separation of duty it was removed from' }),
    }),
  }),
  get: reads({
    summary: 'Show a role',
    grantedTo: ['admin'],
    input: z.strictObject({ roleId }),
    output: Role,
  }),
  list: reads({
    summary: 'List roles: of an organization, or of the installation',
    grantedTo: ['admin'],
    input: z.strictObject({
      ...pageInput,
      organizationId: organizationId.optional().meta({ description: 'of which organization (default: the installation)' }),
      installation: z.boolean().default(false).meta({
        description: 'with roles of the installation that you can use in the organization: whose permissions you hold there',
      }),
      including: roleId.optional().meta({ description: 'only those that include this role, directly or through others' }),
      includedIn: roleId.optional().meta({ description: 'only those that this role includes, directly or through others' }),
      search: singleLine(64).optional().meta({ description: 'a part of the name' }),
      total: z.boolean().default(false).meta({ description: 'also count every role that matches' }),
    }),
    output: pageOf(Role).extend({ total: z.int().nullable() }),
  }),
  setParents: changes({
    summary: 'Set which roles a role includes: it has all of their permissions too',
    grantedTo: ['admin'],
    errors: [builtInRole, cyclicRoles, tooManyInRole, organizationInactive, exclusionViolated, heldOnResources, notHeld],
    input: z.strictObject({
      roleId,
      version: versionRead,
      includes: included.meta({ description: 'the complete list: other inclusions end' }),
    }),
    output: Role,
  }),
  grantPermission: changes({
    summary: 'Grant a permission to a role',
    grantedTo: ['admin'],
    errors: [builtInRole, tooManyInRole, organizationInactive, unknownPermission, notHeld],
    input: z.strictObject({ roleId, permission }),
    output: Changed,
  }),
  revokePermission: changes({
    summary: 'Revoke a permission of a role',
    grantedTo: ['admin'],
    errors: [builtInRole, organizationInactive, notHeld],
    input: z.strictObject({
      roleId,
      permission: permission.meta({ description: 'exactly as it was granted: document.read cannot be revoked from document.*' }),
    }),
    output: Changed,
  }),
})
