import type { InputIssue } from '../../kernel/errors.ts'
import type { Difference } from './difference.ts'
import { documentInvalid } from './errors.ts'

/** Changes of one document. Each takes some statements, and all are made in one transaction, which holds a connection and locks. */
const most = { roles: 400, exclusions: 100 }

/** Throws `access.documentInvalid` for a difference that would take too long. */
export function requireFewChanges({ roles, exclusions }: Difference): void {
  const inRoles = roles.reduce((sum, role) => sum + changesIn(role), 0)
  const issues: InputIssue[] = []
  if (inRoles > most.roles) {
    const message = `it makes ${inRoles} changes (each permission that a role gains or loses is one), and at most ${most.roles} can be made at once: ${partOf(roles)}`
    issues.push({ path: 'document.roles', message })
  }
  if (exclusions.length > most.exclusions) {
    const message = `it changes ${exclusions.length} of them, and at most ${most.exclusions} can be changed at once: first apply ${some} of the exclusions, then this one`
    issues.push({ path: 'document.exclusions', message })
  }
  if (issues.length > 0) throw documentInvalid({ issues, count: issues.length })
}

/** What a document does not mention stays as it is, unless it manages all of that kind. */
const some = 'a document without "manage" that has some'

/** How to begin with a part of these changes. */
function partOf(roles: Difference['roles']): string {
  let changes = 0
  const first = roles.findIndex((role) => (changes += changesIn(role)) > most.roles)
  const last = roles[first - 1]
  if (last === undefined) return `first apply ${some} of the permissions of the role "${roles[0]?.change.name ?? ''}", then this one`
  return `first apply ${some} of the roles, included ones before those that include them (the first ${first}, up to "${last.change.name}", fit), then this one`
}

/** A new role is written with all that it has; of one that is there each permission is changed by itself. */
function changesIn({ change: { change, permissions } }: Difference['roles'][number]): number {
  return change === 'update' ? 1 + permissions.added.length + permissions.removed.length : 1
}
