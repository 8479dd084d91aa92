import { betterAuth } from 'better-auth'
import { organization } from 'better-auth/plugins'
import type { Pool } from 'pg'
import { betterAuthOptions } from '../better-auth.ts'

/** The same with its organizations, as its documentation adds them: roles owner, admin and member. */
export function optionsWithOrganizations(database: Pool) {
  const options = betterAuthOptions(database)
  return { ...options, plugins: [...options.plugins, organization()] }
}

export function createWithOrganizations(database: Pool) {
  return betterAuth(optionsWithOrganizations(database))
}
