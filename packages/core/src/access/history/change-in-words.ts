import { onScopeInWords, scopeInWords } from '../explain/describe.ts'
import type { Change, ScopeDescription } from '../explain/model.ts'

/** A change in a few words. */
export function changeInWords(
  { what, user, team, role, permission, before, after }: Omit<Change, 'text' | 'at' | 'on'>,
  scope: ScopeDescription | null,
): string {
  const [where, onWhere] = scope === null ? ['', ''] : [scopeInWords(scope), onScopeInWords(scope)]
  const who = user?.username ?? (team === null ? '' : `the team ${team.name}`)
  const thing = role?.name ?? permission ?? ''
  switch (what) {
    case 'given':
      return `${who} was given ${thing} ${onWhere}`
    case 'began':
      return `${thing} of ${who} ${onWhere} began`
    case 'expired':
      return `${thing} of ${who} ${onWhere} ended`
    case 'revoked':
      return `${thing} of ${who} ${onWhere} was revoked`
    case 'roleGained':
      return `the role ${role?.name} gained ${permission}`
    case 'roleLost':
      return `the role ${role?.name} lost ${permission}`
    case 'roleIncluded':
      return `the role ${role?.name} now includes ${after}`
    case 'roleExcluded':
      return `the role ${role?.name} no longer includes ${after}`
    case 'membership':
      return membershipInWords(who, where, { before, after })
    case 'seat':
      return after === null ? `${who} left the team ${team?.name}` : `${who} joined the team ${team?.name}`
    case 'userStatus':
      return before === null ? `${user?.username} was created, ${after}` : `${user?.username} went from ${before} to ${after}`
    case 'organizationStatus':
      return before === null ? `${where} was created` : `${where} went from ${before} to ${after}`
    case 'ownership':
      return `the owner of ${where} changed from ${before ?? 'the organization'} to ${after ?? 'the organization'}`
  }
}

function membershipInWords(who: string, where: string, { before, after }: Pick<Change, 'before' | 'after'>): string {
  if (before === null) return `${who} became ${after} of ${where}`
  return after === null ? `${who}, ${before}, left ${where}` : `${who} went from ${before} to ${after} of ${where}`
}
