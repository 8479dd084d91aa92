import type { SqlEntityManager } from '@mikro-orm/sql'
import { notFound } from '../../kernel/errors.ts'
import type { Catalogue } from '../../kernel/signature.ts'
import { listOf, type AccessDocument } from './document.ts'
import { differenceOf, type Difference, type CurrentState } from './diff.ts'
import { findNames } from './names.ts'
import { namesIn, resolve, type DesiredState } from './resolve.ts'
import { sharedRoles, findTenant, currentAssignments, currentExclusions, currentRoles, type Tenant } from './current.ts'

/** A document, read against what stands. */
export interface ReadDocument {
  readonly tenant: Tenant
  readonly desired: DesiredState
  readonly current: CurrentState
  readonly difference: Difference
}

/** Reads a document against what stands now. Whatever in it is not there is told of at once (`access.documentInvalid`). */
export async function readDocument(em: SqlEntityManager, catalogue: Catalogue, document: AccessDocument, now: Date): Promise<ReadDocument> {
  const tenant = await existingTenant(em, document.organization)
  const roles = await currentRoles(em, tenant)
  const common = await sharedRoles(em, tenant)
  const found = await findNames(em, tenant.organizationId, tenant.uuid, namesIn(document))
  const desired = resolve(document, { tenant: tenant, catalogue, roles, common, found })
  const managed = listOf(document.manage)
  const everybody = managed.includes('assignments') || managed.includes('roles')
  const current: CurrentState = {
    roles,
    names: new Map([...common, ...roles].map(({ id, name }) => [id, name])),
    exclusions: await currentExclusions(em, tenant),
    assignments: await currentAssignments(em, tenant, everybody ? null : desired.assignments.map(({ subject }) => subject), now),
  }
  return { tenant, desired, current, difference: differenceOf(desired, current, now) }
}

/** Whoever may everything everywhere is let through to the handler without an organization. */
export async function existingTenant(em: SqlEntityManager, organization: string | undefined): Promise<Tenant> {
  const tenant = await findTenant(em, organization)
  if (tenant === null) throw notFound({ type: 'organization' })
  return tenant
}
