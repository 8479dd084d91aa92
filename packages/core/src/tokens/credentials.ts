import { permissionsOf, matchesNoAction } from '../grants/index.ts'
import type { Catalogue } from '../kernel/signature.ts'
import type { Action } from '../kernel/action.ts'
import type { Credentials } from '../kernel/credentials.ts'
import type { Principal } from '../kernel/actor.ts'
import type { Settings } from '../kernel/settings.ts'
import type { Id } from '../kernel/id.ts'
import type { Ports } from '../ports/index.ts'
import type { KeyRing } from './keyring.ts'
import { selfServiceActions } from './self-service.ts'
import { signToken } from './jwt.ts'
import { createReceiptSigner } from './receipts.ts'

interface CredentialParts {
  readonly actions: ReadonlyMap<string, Action>
  readonly catalogue: Catalogue
  readonly settings: Settings
  readonly ports: Ports
  readonly keys: KeyRing
  readonly introspect: Credentials['introspect']
}

/** Creates the context's access to tokens: introspecting, signing, and checking scopes. */
export function createCredentials({ actions, catalogue, settings, ports, keys, introspect }: CredentialParts): Credentials {
  let own: ReadonlySet<string> | undefined
  return {
    introspect,
    sign: (principal, order) => signToken(keys, { settings, ports }, principal, order),
    receiptSigner: () => createReceiptSigner(keys, ports),
    publishedKeys: () => keys.published(),
    exceeding(principal, patterns, organizationId) {
      own ??= selfServiceActions(actions)
      const may = (name: string) => principal === null || own?.has(name) === true || holds(principal, name, organizationId)
      return patterns.filter((pattern) => {
        if (matchesNoAction(catalogue, pattern)) return true
        const { names, groups, application } = permissionsOf(catalogue, [pattern])
        const more = [...[...groups].map((group) => `${group}.*`), ...(application ? ['application'] : [])]
        const covered = more.every((group) => principal === null || coversAnywhere(principal, group, organizationId))
        return !covered || ![...names].every((name) => isReached(principal, name) && may(name))
      })
    },
  }
}

function isReached(principal: Principal | null, name: string): boolean {
  return principal === null || principal.allowedActions === null || principal.allowedActions.has(name)
}

function coversAnywhere({ grants, memberships }: Principal, pattern: string, organizationId: Id<'org'> | null): boolean {
  const organizations = organizationId === null ? [null, ...memberships.map((membership) => membership.organizationId)] : [organizationId]
  return organizations.some((id) => grants.covers(pattern, id))
}

/** In the named organization, or else in any: permissions are checked again whenever the token is used. */
function holds({ grants, memberships }: Principal, name: string, organizationId: Id<'org'> | null): boolean {
  if (organizationId !== null) return grants.allows(name, organizationId)
  return grants.allowsEverywhere(name) || memberships.some((membership) => grants.allows(name, membership.organizationId))
}
