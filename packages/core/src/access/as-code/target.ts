import type { SqlEntityManager } from '@mikro-orm/sql'
import type { TargetFinder } from '../../kernel/action.ts'
import type { Target } from '../../kernel/rule.ts'
import { findTenant } from './current.ts'
import type { AccessDocument } from './document.ts'

/** Finds the organization of a document. A document without one is about the installation. */
export const documentTarget = {
  type: 'organization',
  find: (em: SqlEntityManager, { document }: { document: AccessDocument }) => targetOf(em, document.organization),
} satisfies TargetFinder<{ document: AccessDocument }>

/** Finds the organization whose access is exported; without one: the installation. */
export const exportedTarget = {
  type: 'organization',
  find: (em: SqlEntityManager, { organizationId }: { organizationId?: string | undefined }) => targetOf(em, organizationId),
} satisfies TargetFinder<{ organizationId?: string | undefined }>

async function targetOf(em: SqlEntityManager, organization: string | undefined): Promise<Target | null | undefined> {
  if (organization === undefined) return undefined
  const id = (await findTenant(em, organization))?.organizationId ?? null
  return id === null ? null : { type: 'organization', id, organizationId: id, userId: null, visibleWith: 'organizations.get' }
}
