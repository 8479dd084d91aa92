import { exclusionsNameUnique, rolesNameUnique } from '../access/entity.ts'
import { exclusionNameTaken } from '../access/separation/errors.ts'
import { DenizenError, databaseUnavailable } from '../kernel/errors.ts'
import type { ErrorDefinition } from '../kernel/errors.ts'
import { identitiesSubjectUnique } from '../identities/entity.ts'
import { identityTaken } from '../identities/errors.ts'
import { membershipsUnique, organizationDomainsVerifiedUnique, organizationsSlugUnique } from '../organizations/entity.ts'
import { alreadyMember, domainTaken, slugTaken } from '../organizations/errors.ts'
import { passkeysCredentialUnique } from '../passkeys/entity.ts'
import { alreadyRegistered } from '../passkeys/errors.ts'
import { policiesNameUnique } from '../policies/entity.ts'
import { policyNameTaken } from '../policies/errors.ts'
import { resourcesKeyUnique } from '../resources/entity.ts'
import { keyTaken } from '../resources/errors.ts'
import { roleNameTaken } from '../access/roles/errors.ts'
import { teamsNameUnique } from '../teams/entity.ts'
import { teamNameTaken } from '../teams/errors.ts'
import { emailTaken, usernameTaken, policyUnknown } from '../users/errors.ts'
import { usersEmailUnique, usersUsernameUnique } from '../users/entity.ts'

/** What the database refuses, as the caller should understand it: by the name of the constraint, never by a read beforehand. */
const byConstraint: Readonly<Record<string, ErrorDefinition<Record<never, never>>>> = {
  [usersEmailUnique]: emailTaken,
  [usersUsernameUnique]: usernameTaken,
  [organizationsSlugUnique]: slugTaken,
  [membershipsUnique]: alreadyMember,
  [organizationDomainsVerifiedUnique]: domainTaken,
  [resourcesKeyUnique]: keyTaken,
  [teamsNameUnique]: teamNameTaken,
  [rolesNameUnique]: roleNameTaken,
  [exclusionsNameUnique]: exclusionNameTaken,
  [identitiesSubjectUnique]: identityTaken,
  [passkeysCredentialUnique]: alreadyRegistered,
  [policiesNameUnique]: policyNameTaken,
  users_resource_policy_foreign: policyUnknown,
  organizations_resource_policy_foreign: policyUnknown,
}

/** The domain error for what a driver threw; anything unknown comes back as it was. */
export function toDomainError(error: unknown): unknown {
  if (error instanceof DenizenError) return error
  const definition = byConstraint[textOf(error, 'constraint')]
  // Without its cause: that quotes the statement with its values, and whoever logs a conflict would log those too.
  if (definition !== undefined) return definition({})
  return isUnavailable(error) ? databaseUnavailable({}, error) : error
}

/** Two transactions stood in each other's way; the whole of one may be run again (40001, 40P01). */
export function isTransient(error: unknown): boolean {
  const state = sqlStateOf(error)
  return state === '40001' || state === '40P01'
}

/**
 * Connection failures (class 08), shutdowns and cancellations (57), exhausted
 * resources (53), and what node's sockets and pg's pool say.
 * https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
function isUnavailable(error: unknown): boolean {
  const state = sqlStateOf(error)
  if (/^(08|53|57)/.test(state) || state === '25P03') return true
  if (/^E(CONN|PIPE|TIMEDOUT|HOSTUNREACH|NETUNREACH)/.test(textOf(error, 'code'))) return true
  return error instanceof Error && /connection (terminated|timeout|error)|timeout exceeded when trying to connect/i.test(error.message)
}

function sqlStateOf(error: unknown): string {
  const code = textOf(error, 'code')
  return /^[0-9A-Z]{5}$/.test(code) ? code : ''
}

function textOf(error: unknown, key: 'code' | 'constraint'): string {
  if (error === null || typeof error !== 'object' || !(key in error)) return ''
  const value = (error as Record<typeof key, unknown>)[key]
  return typeof value === 'string' ? value : ''
}
