import { z } from 'zod'
import { longList } from '../kernel/input.ts'
import { pageInput, pageOf } from '../kernel/page.ts'
import { changes, group, reads } from '../kernel/signature.ts'
import { singleLine } from '../text/index.ts'
import { versionRead } from '../kernel/version.ts'
import { organizationInactive } from '../organizations/errors.ts'
import { organizationId, resourceId, userId } from '../kernel/ids.ts'
import { inNoOrganization, insideAnother, keyTaken, nestedTooDeep, notEmpty, otherOwner, tooManyResources } from './errors.ts'
import { Resource, resourceKey, resourceName, resourceType } from './model.ts'

/** The fields of a new resource. */
const given = {
  type: resourceType.meta({ description: 'what kind of thing it is: document, build-run' }),
  key: resourceKey.optional().meta({ description: 'your own identifier: unique by type, in its organization or among what its owner has' }),
  name: resourceName.optional(),
}

/** Where a new resource is created. */
const location = {
  organizationId: organizationId.optional().meta({ description: 'the organization it is in (default: that of the parent)' }),
  parentId: resourceId.optional().meta({ description: 'the resource it is inside' }),
  ownerUserId: userId.optional().meta({
    description: 'the user who owns it (default: the organization, the owner of the parent, or the caller)',
  }),
}

/** The actions of `resources`. */
export const resourcesSignatures = group('resources', {
  register: changes({
    summary: 'Register a resource: something that access can be given to',
    grantedTo: ['admin'],
    errors: [keyTaken, tooManyResources, nestedTooDeep, otherOwner, organizationInactive],
    input: z.strictObject({
      ...given,
      ...location,
      ifAbsent: z.boolean().default(false).meta({ description: 'answer null instead of failing if the key is taken' }),
    }),
    output: Resource.nullable(),
  }),
  registerMany: changes({
    summary: 'Register up to 1000 resources in one place: all of them, or none',
    inputLimit: 1024 ** 2,
    mostValues: 20_000,
    grantedTo: ['admin'],
    errors: [keyTaken, tooManyResources, nestedTooDeep, otherOwner, organizationInactive],
    input: z.strictObject({
      items: longList(z.strictObject(given)).min(1).max(1000).meta({ description: 'type, key and name of each' }),
      ...location,
    }),
    output: z.object({ items: z.array(Resource).meta({ description: 'in the order of the input' }) }),
  }),
  update: changes({
    summary: 'Change the name or key of a resource',
    grantedTo: ['admin'],
    errors: [keyTaken, organizationInactive],
    input: z.strictObject({
      resourceId,
      version: versionRead,
      name: resourceName.nullable().optional(),
      key: resourceKey.nullable().optional(),
    }),
    output: Resource,
  }),
  get: reads({
    summary: 'Get a resource, by its id or by its type and key',
    grantedTo: ['admin'],
    input: z
      .strictObject({
        resourceId: resourceId.optional(),
        type: resourceType.optional(),
        key: resourceKey.optional(),
        organizationId: organizationId
          .optional()
          .meta({ description: 'where to look up the key (default: among your own, outside of organizations)' }),
      })
      .refine(
        ({ resourceId: id, type, key }) =>
          id === undefined ? type !== undefined && key !== undefined : type === undefined && key === undefined,
        'say either `resourceId`, or `type` and `key`',
      ),
    output: Resource,
  }),
  list: reads({
    summary: 'List resources: of an organization, inside another one, or your own',
    grantedTo: ['admin'],
    input: z
      .strictObject({
        ...pageInput,
        organizationId: organizationId.optional(),
        ownerUserId: userId.optional().meta({ description: 'only what this user owns' }),
        type: resourceType.optional(),
        parentId: resourceId.optional().meta({ description: 'only resources directly inside this one' }),
        within: resourceId.optional().meta({ description: 'only resources inside this one, at any depth' }),
        search: singleLine(100)
          .pipe(z.string().min(1))
          .optional()
          .meta({ description: 'only those whose name or key begins with this, case-insensitively' }),
        total: z.boolean().default(false).meta({ description: 'also count every resource that matches' }),
      })
      .refine(({ parentId, within }) => parentId === undefined || within === undefined, 'say either `parentId` or `within`'),
    output: pageOf(Resource).extend({ total: z.int().nullable() }),
  }),
  transfer: changes({
    summary: 'Transfer a resource to another user, or to its organization',
    grantedTo: ['admin'],
    errors: [keyTaken, tooManyResources, insideAnother, inNoOrganization, organizationInactive],
    input: z
      .strictObject({
        resourceId,
        toUserId: userId.optional().meta({
          description:
            'the new owner: in an organization one of its members; of your own resource, somebody who shares an organization with you',
        }),
        toOrganization: z.boolean().default(false).meta({ description: 'the organization it is in becomes the owner' }),
      })
      .refine(({ toUserId, toOrganization }) => (toUserId === undefined) === toOrganization, 'say either `toUserId` or `toOrganization`'),
    output: z.object({
      resource: Resource,
      transferred: z.int().meta({ description: "how many were transferred: resources inside a user's own resource go with it" }),
    }),
  }),
  delete: changes({
    summary: 'Delete a resource, and the access that was granted on it',
    grantedTo: ['admin'],
    errors: [notEmpty, organizationInactive],
    input: z.strictObject({
      resourceId,
      recursive: z
        .boolean()
        .default(false)
        .meta({ description: 'delete the resources inside too; otherwise only an empty resource is deleted' }),
    }),
    output: z.object({
      resourceId,
      deleted: z.int().meta({ description: 'with the resources inside' }),
      assignmentsEnded: z.int().meta({ description: 'roles and permissions that were granted on them' }),
    }),
  }),
})
