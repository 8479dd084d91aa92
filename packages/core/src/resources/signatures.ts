import { z } from 'zod'
import { pageInput, pageOf } from '../kernel/page.ts'
import { changes, group, reads } from '../kernel/signature.ts'
import { singleLine } from '../kernel/text.ts'
import { versionRead } from '../kernel/version.ts'
import { organizationInactive } from '../organizations/errors.ts'
import { organizationId } from '../organizations/model.ts'
import { userId } from '../users/model.ts'
import { inNoOrganization, insideAnother, keyTaken, nestedTooDeep, notEmpty, otherOwner, tooManyResources } from './errors.ts'
import { Resource, resourceId, resourceKey, resourceName, resourceType } from './model.ts'

/** What the application says of a new one. */
const given = {
  type: resourceType.meta({ description: 'what kind of thing it is: document, build-run' }),
  key: resourceKey.optional().meta({ description: 'what you call it: unique by type, in its organization or among what its owner has' }),
  name: resourceName.optional(),
}

/** Where a new one is to be. */
const home = {
  organizationId: organizationId.optional().meta({ description: 'the organization that it is in; with a parent, that of the parent' }),
  parentId: resourceId.optional().meta({ description: 'the resource that it is inside of' }),
  ownerUserId: userId.optional().meta({
    description: 'the user who owns it; default: the organization, or whoever owns the parent, or else the caller',
  }),
}

/** The actions of `resources` that are made here. */
export const resourcesSignatures = group('resources', {
  register: changes({
    summary: 'Register a resource: something that access can be given to',
    grantedTo: ['admin'],
    errors: [keyTaken, tooManyResources, nestedTooDeep, otherOwner, organizationInactive],
    input: z.strictObject({
      ...given,
      ...home,
      ifAbsent: z.boolean().default(false).meta({ description: 'answer null instead of failing when the key is taken' }),
    }),
    output: Resource.nullable(),
  }),
  registerMany: changes({
    summary: 'Register up to 1000 resources in one place: all of them, or none',
    grantedTo: ['admin'],
    errors: [keyTaken, tooManyResources, nestedTooDeep, otherOwner, organizationInactive],
    input: z.strictObject({
      items: z.array(z.strictObject(given)).min(1).max(1000).meta({ description: 'type, key and name of each' }),
      ...home,
    }),
    output: z.object({ items: z.array(Resource).meta({ description: 'in the order that they were given in' }) }),
  }),
  update: changes({
    summary: 'Change what a resource is called',
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
          .meta({ description: 'where to look for the key; default: among your own, outside every organization' }),
      })
      .refine(
        ({ resourceId: id, type, key }) =>
          id === undefined ? type !== undefined && key !== undefined : type === undefined && key === undefined,
        'say either resourceId, or type and key',
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
        parentId: resourceId.optional().meta({ description: 'only what is directly inside of this one' }),
        within: resourceId.optional().meta({ description: 'only what is inside of this one, however deep' }),
        search: singleLine(100)
          .pipe(z.string().min(1))
          .optional()
          .meta({ description: 'only those whose name or key begins so, without regard to case' }),
        total: z.boolean().default(false).meta({ description: 'also count every resource that matches' }),
      })
      .refine(({ parentId, within }) => parentId === undefined || within === undefined, 'say either parentId or within'),
    output: pageOf(Resource).extend({ total: z.int().nullable() }),
  }),
  transfer: changes({
    summary: 'Hand a resource over to another user, or to its organization',
    grantedTo: ['admin'],
    errors: [keyTaken, tooManyResources, insideAnother, inNoOrganization, organizationInactive],
    input: z
      .strictObject({
        resourceId,
        toUserId: userId.optional().meta({
          description: 'the new owner: in an organization one of its members; of your own, somebody who is in an organization with you',
        }),
        toOrganization: z.boolean().default(false).meta({ description: 'the organization that it is in becomes the owner' }),
      })
      .refine(({ toUserId, toOrganization }) => (toUserId === undefined) === toOrganization, 'say either toUserId or toOrganization'),
    output: z.object({
      resource: Resource,
      transferred: z.int().meta({ description: "how many changed hands: what is inside a user's own resource goes with it" }),
    }),
  }),
  delete: changes({
    summary: 'Delete a resource, and with it the access that was given to it',
    grantedTo: ['admin'],
    errors: [notEmpty, organizationInactive],
    input: z.strictObject({
      resourceId,
      recursive: z.boolean().default(false).meta({ description: 'delete what is inside too; else a resource that is not empty stays' }),
    }),
    output: z.object({
      resourceId,
      deleted: z.int().meta({ description: 'with what was inside' }),
      assignmentsEnded: z.int().meta({ description: 'roles and permissions that had been given on them' }),
    }),
  }),
})
