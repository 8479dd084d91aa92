import type { OrganizationStatus } from '../../organizations/model.ts'
import type { UserStatus } from '../../users/index.ts'
import type { Change, Missing, Reason, Unmet } from './model.ts'
import { scopeInWords, shownScope, timeInWords } from './names.ts'
import type { ExplainQuestion } from './reasons.ts'

interface Denial {
  readonly unmet: readonly Unmet[]
  readonly missing: readonly Missing[]
  /** null: there is such a permission. */
  readonly nearest: readonly string[] | null
}

/** The answer in one sentence. */
export function summaryOf(
  { username, permission, scope, names }: ExplainQuestion,
  because: readonly Reason[],
  denial: Denial | null,
): string {
  const where = scopeInWords(shownScope(scope, names))
  if (denial === null) {
    const [first] = because
    const others = because.length > 1 ? ` (and in ${because.length - 1} more ${because.length === 2 ? 'way' : 'ways'})` : ''
    return `${username} may ${permission} on ${where}: ${first?.text ?? 'it is allowed'}${others}.`
  }
  const { unmet, missing, nearest } = denial
  if (nearest !== null) {
    const meant = nearest.length === 0 ? '' : ` Did you mean ${nearest.join(', ')}?`
    return `${permission} is no permission: Denizen has no such action, so nobody has it.${meant}`
  }
  const nearly = unmet[0] === undefined ? 'nothing gives it' : unmet[0].text
  const smallest = missing[0] === undefined ? '' : ` The smallest change: ${missing[0].text}.`
  return `${username} may not ${permission} on ${where}: ${nearly}.${smallest}`
}

interface ObstacleContext {
  readonly status: UserStatus
  readonly standing: { readonly status: OrganizationStatus | null }
}

/** Why one grant does not apply. */
export function unmetInWords(
  { username }: Pick<ExplainQuestion, 'username'>,
  { code, at, reason }: Unmet,
  { status, standing }: ObstacleContext,
): string {
  const obstacle = obstacleInWords(username, { code, at }, { status, standing })
  return reason === null ? obstacle : `${reason.text}; but ${obstacle}`
}

function obstacleInWords(username: string, { code, at }: Pick<Unmet, 'code' | 'at'>, { status, standing }: ObstacleContext): string {
  const when = at === null ? '' : timeInWords(at)
  switch (code) {
    case 'begins':
      return `it only begins at ${when}`
    case 'expired':
      return `it was over at ${when}`
    case 'revoked':
      return `it was revoked at ${when}`
    case 'secondFactor':
      return 'it wants a session with a second factor'
    case 'network':
      return 'it does not count from this address'
    case 'deactivated':
      return 'the role was laid down in this session: activate it (access.activateRole)'
    case 'contested':
      return 'the role excludes another one that is held too: activate it in the session (access.activateRole)'
    case 'userStatus':
      return `${username} is ${status}, so nothing that they have counts`
    case 'frozen':
      return `the grants of ${username} are frozen, so nothing that they have counts`
    case 'notMember':
      return `${username} is no member of the organization`
    case 'organizationStatus':
      return `the organization is ${standing.status}`
    case 'credential':
      return 'the token that asks was made for less'
  }
}

/** A change in a few words. */
export function changeInWords(
  { what, user, team, role, permission, before, after }: Omit<Change, 'text' | 'at' | 'on'>,
  where: string,
): string {
  const who = user?.username ?? (team === null ? '' : `the team ${team.name}`)
  const thing = role?.name ?? permission ?? ''
  switch (what) {
    case 'given':
      return `${who} was given ${thing} on ${where}`
    case 'began':
      return `${thing} of ${who} on ${where} began`
    case 'expired':
      return `${thing} of ${who} on ${where} was over`
    case 'revoked':
      return `${thing} of ${who} on ${where} was revoked`
    case 'roleGained':
      return `the role ${role?.name} gained ${permission}`
    case 'roleLost':
      return `the role ${role?.name} lost ${permission}`
    case 'roleIncluded':
      return `the role ${role?.name} came to include ${after}`
    case 'roleExcluded':
      return `the role ${role?.name} ceased to include ${after}`
    case 'membership':
      return membershipInWords(who, where, { before, after })
    case 'seat':
      return after === null ? `${who} left the team ${team?.name}` : `${who} came into the team ${team?.name}`
    case 'userStatus':
      return before === null ? `${user?.username} was made, ${after}` : `${user?.username} was ${before}, and is ${after}`
    case 'organizationStatus':
      return before === null ? `${where} was made` : `${where} was ${before}, and is ${after}`
    case 'ownership':
      return `${where} belonged to ${before ?? 'the organization'}, and belongs to ${after ?? 'the organization'}`
  }
}

function membershipInWords(who: string, where: string, { before, after }: Pick<Change, 'before' | 'after'>): string {
  if (before === null) return `${who} became ${after} of ${where}`
  return after === null ? `${who}, ${before}, left ${where}` : `${who} was ${before} of ${where}, and is ${after}`
}
