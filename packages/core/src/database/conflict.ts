import { exclusionsNameUnique } from '../access/separation/entity.ts'
import { rolesNameUnique } from '../access/roles/entity.ts'
import { exclusionNameTaken } from '../access/separation/errors.ts'
import { DenizenError } from '../kernel/errors.ts'
import type { ErrorDefinition } from '../kernel/errors.ts'
import { identitiesSubjectUnique } from '../identities/entity.ts'
import { identityTaken } from '../identities/errors.ts'
import { membershipsUnique, organizationDomainsVerifiedUnique, organizationsSlugUnique } from '../organizations/entity.ts'
import { alreadyMember, domainTaken, slugTaken } from '../organizations/errors.ts'
import { passkeysCredentialUnique } from '../passkeys/entity.ts'
import { alreadyRegistered } from '../passkeys/errors.ts'
import { outageOf } from './outage.ts'
import { policiesNameUnique } from '../policies/entity.ts'
import { policyNameTaken } from '../policies/errors.ts'
import { resourcesKeyUnique } from '../resources/entity.ts'
import { keyTaken } from '../resources/errors.ts'
import { roleNameTaken } from '../access/roles/errors.ts'
import { teamsNameUnique } from '../teams/entity.ts'
import { teamNameTaken } from '../teams/errors.ts'
import { emailTaken, usernameTaken, policyUnknown } from '../users/errors.ts'
import { usersEmailUnique, usersUsernameUnique } from '../users/entity.ts'
import { usersSkeletonUnique } from '../users/indexes.ts'

/** Constraint violations as domain errors. Uniqueness is decided by constraints, never by reading first. */
const byConstraint: Readonly<Record<string, ErrorDefinition<Record<never, never>>>> = {
  [usersEmailUnique]: emailTaken,
  [usersUsernameUnique]: usernameTaken,
  [usersSkeletonUnique]: usernameTaken,
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

/** The domain error for what a driver threw; unknown errors are returned unchanged. */
export function toDomainError(error: unknown): unknown {
  if (error instanceof DenizenError) return error
  const definition = byConstraint[textOf(error, 'constraint')]
  // Without the cause: it quotes the statement with its values, which would end up in logs.
  if (definition !== undefined) return definition({})
  return outageOf(error)?.toError(error) ?? error
}

/** Whether two transactions conflicted, so that one can be retried as a whole (40001, 40P01), or it waited too long for a lock. */
export function isTransient(error: unknown): boolean {
  const state = sqlStateOf(error)
  return state === '40001' || state === '40P01' || isLockTimeout(error) || isPurgedMeanwhile(error)
}

/** Whether a row refers to a user who was purged since they were read (23503): tried again, it finds nobody. */
function isPurgedMeanwhile(error: unknown): boolean {
  return sqlStateOf(error) === '23503' && /_(user|user_id|owner_user_id|invited_by|requested_by)_foreign$/.test(textOf(error, 'constraint'))
}

/** Whether it waited for a lock for longer than it may (55P03). */
export function isLockTimeout(error: unknown): boolean {
  return sqlStateOf(error) === '55P03'
}

/** Whether the connection broke: the server said so while closing it (08, 57P01 to 57P05), or it was silent. */
export function isLostConnection(error: unknown): boolean {
  const state = sqlStateOf(error)
  if (/^(08|57P)/.test(state)) return true
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
