import type { SqlEntityManager } from '@mikro-orm/sql'
import type { Settings } from '../kernel/settings.ts'
import { uuidOf, type Id } from '../kernel/id.ts'
import { runStatement, statement } from '../kernel/statement.ts'
import type { AllLimits, Limits } from './model.ts'
import { policiesIn, policiesOfOrganization, policiesOfUser, combineLimits, type ApplicablePolicy } from './rules.ts'
import { limitsFromSettings } from './settings.ts'

/** The limits that policies set for a user; the user's own policy wins, then the home organization's, then the default. */
export async function limitsOfUserId(em: SqlEntityManager, userId: Id<'usr'>): Promise<Limits> {
  return combineLimits(await policiesHeldBy(em, userId))
}

/** All limits of a user: from policies, else from settings. */
export async function limitsFor(
  { em, settings }: { readonly em: SqlEntityManager; readonly settings: Settings },
  userId: Id<'usr'>,
): Promise<AllLimits> {
  // JSON has no undefined, so no limit of a policy is.
  return { ...limitsFromSettings(settings), ...((await limitsOfUserId(em, userId)) as Partial<AllLimits>) }
}

/** The limits that policies set for what an organization owns; its own policy wins over the default. */
export async function limitsOfOrganization(em: SqlEntityManager, organizationId: Id<'org'>): Promise<Limits> {
  return combineLimits(await policiesHeldIn(em, organizationId))
}

/** The policies that apply to a user, in the order of precedence. */
export async function policiesHeldBy(em: SqlEntityManager, userId: Id<'usr'>): Promise<readonly ApplicablePolicy[]> {
  return policiesFrom(await runStatement<PoliciesRecord>(em, ofUser, [uuidOf(userId)]))
}

/** The policies that apply to an organization, in the order of precedence. */
export async function policiesHeldIn(em: SqlEntityManager, organizationId: Id<'org'>): Promise<readonly ApplicablePolicy[]> {
  return policiesFrom(await runStatement<PoliciesRecord>(em, ofOrganization, [uuidOf(organizationId)]))
}

interface PoliciesRecord {
  readonly policies: string | null
}

const ofUser = statement('policies_of_user', `select ${policiesOfUser}::text as policies from users u where u.id = ?::uuid`)
const ofOrganization = statement(
  'policies_of_organization',
  `select ${policiesOfOrganization}::text as policies from organizations o where o.id = ?::uuid`,
)

function policiesFrom([row]: readonly PoliciesRecord[]): readonly ApplicablePolicy[] {
  return policiesIn(row?.policies ?? null)
}
