import type { SqlEntityManager } from '@mikro-orm/sql'
import { notFound } from '../../kernel/errors.ts'
import type { Catalogue } from '../../kernel/signature.ts'
import { listOf, type AccessDocument } from './document.ts'
import { differenceOf, type Difference, type CurrentState } from './difference.ts'
import { findNames } from './names.ts'
import { namesIn, resolve, type DesiredState } from './resolve.ts'
import { sharedRoles, findTenant, currentAssignments, currentExclusions, currentRoles, type Tenant } from './current.ts'

/** A document, resolved and compared with the current state. */
export interface ReadDocument {
  readonly tenant: Tenant
  readonly desired: DesiredState
  readonly current: CurrentState
  readonly difference: Difference
}

/** Resolves a document and compares it with the current state. Throws `access.documentInvalid` with everything that does not exist. */
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

/** An actor who may do everything everywhere gets to the handler even without an organization. */
export async function existingTenant(em: SqlEntityManager, organization: string | undefined): Promise<Tenant> {
  const tenant = await findTenant(em, organization)
  if (tenant === null) throw notFound({ type: 'organization' })
  return tenant
}
