import type { SqlEntityManager } from '@mikro-orm/sql'
import { notFound } from '../../kernel/errors.ts'
import type { Catalogue } from '../../kernel/signature.ts'
import { listOf, type AccessDocument } from './document.ts'
import { differenceOf, type Difference, type Standing } from './difference.ts'
import { findNames } from './names.ts'
import { namesIn, resolve, type Wanted } from './resolving.ts'
import { commonRoles, findHome, standingAssignments, standingExclusions, standingRoles, type Home } from './standing.ts'

/** A document, read against what stands. */
export interface Reading {
  readonly home: Home
  readonly wanted: Wanted
  readonly standing: Standing
  readonly difference: Difference
}

/** Reads a document against what stands now. Whatever in it is not there is told of at once (`access.documentInvalid`). */
export async function read(em: SqlEntityManager, catalogue: Catalogue, document: AccessDocument, now: Date): Promise<Reading> {
  const home = await existingHome(em, document.organization)
  const roles = await standingRoles(em, home)
  const common = await commonRoles(em, home)
  const found = await findNames(em, home.organizationId, home.uuid, namesIn(document))
  const wanted = resolve(document, { home, catalogue, roles, common, found })
  const managed = listOf(document.manage)
  const everybody = managed.includes('assignments') || managed.includes('roles')
  const standing: Standing = {
    roles,
    names: new Map([...common, ...roles].map(({ id, name }) => [id, name])),
    exclusions: await standingExclusions(em, home),
    assignments: await standingAssignments(em, home, everybody ? null : wanted.assignments.map(({ subject }) => subject), now),
  }
  return { home, wanted, standing, difference: differenceOf(wanted, standing, now) }
}

/** Whoever may everything everywhere is let through to the handler without an organization. */
export async function existingHome(em: SqlEntityManager, organization: string | undefined): Promise<Home> {
  const home = await findHome(em, organization)
  if (home === null) throw notFound({ type: 'organization' })
  return home
}
