import { DenizenError } from '@denizen/core/calls'
import type { Connection } from './calls.ts'
import { inLine } from './output.ts'

type OrganizationId = `org_${string}`

/** Where something counts, by ids. */
interface Scope {
  readonly organizationId: OrganizationId | null
  readonly teamId?: `team_${string}` | null
  readonly resourceId?: `res_${string}` | null
}

/** Names of organizations, teams and resources, where the caller may read them; else there is only the id. */
export class ScopeNames {
  readonly #names = new Map<string, string>()

  /** Looks up those that are not known yet; calls made in the same tick are sent together. */
  async load({ calls }: Connection, scopes: readonly Scope[]): Promise<void> {
    const unnamed = scopes.filter((scope) => [scope.organizationId, scope.teamId, scope.resourceId].some((id) => !this.#isKnown(id)))
    const organizations = new Set(unnamed.flatMap(({ organizationId }) => organizationId ?? []))
    const ofTeams = new Set(unnamed.flatMap(({ organizationId, teamId = null }) => (teamId === null ? [] : (organizationId ?? []))))
    const resources = new Set(unnamed.flatMap(({ resourceId }) => resourceId ?? []))
    await Promise.all([
      ...[...organizations].map(async (organizationId) =>
        ifReadable(async () => this.#names.set(organizationId, (await calls.organizations.get({ organizationId })).slug)),
      ),
      ...[...ofTeams].map(async (organizationId) =>
        ifReadable(async () => {
          for await (const { id, name } of calls.teams.list({ organizationId, limit: 100 })) this.#names.set(id, name)
        }),
      ),
      ...[...resources].map(async (resourceId) =>
        ifReadable(async () => {
          const { type, key } = await calls.resources.get({ resourceId })
          if (key !== null) this.#names.set(resourceId, `${type}:${key}`)
        }),
      ),
    ])
  }

  /** `acme`, `team Support (acme)`, `document:plan (acme)`; null: everywhere. */
  of({ organizationId, teamId = null, resourceId = null }: Scope): string | null {
    const organization = organizationId === null ? null : this.#nameOf(organizationId)
    if (teamId === null && resourceId === null) return organization
    const narrow = resourceId === null ? `team ${this.#nameOf(teamId ?? '')}` : this.#nameOf(resourceId)
    return organization === null ? narrow : `${narrow} (${organization})`
  }

  #isKnown(id: string | null | undefined): boolean {
    return id === null || id === undefined || this.#names.has(id)
  }

  #nameOf(id: string): string {
    return inLine(this.#names.get(id) ?? id)
  }
}

async function ifReadable(read: () => Promise<unknown>): Promise<void> {
  try {
    await read()
  } catch (error) {
    if (!(error instanceof DenizenError) || (error.kind !== 'denied' && error.kind !== 'notFound')) throw error
  }
}
