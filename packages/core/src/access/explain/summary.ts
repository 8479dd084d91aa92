import type { OrganizationStatus } from '../../organizations/model.ts'
import type { UserStatus } from '../../users/index.ts'
import type { Missing, Reason, Unmet } from './model.ts'
import { describeScope, onScopeInWords } from './describe.ts'
import { timeInWords } from '../../text/index.ts'
import type { ExplainQuestion } from './reasons.ts'

interface Denial {
  readonly unmet: readonly Unmet[]
  readonly missing: readonly Missing[]
  /** If it would be one of our own actions, and is none: those with a similar name. null: it may be one. */
  readonly actions: readonly string[] | null
  /** If no role has it: what was probably meant, that a role has. */
  readonly similar: string | null
}

/** The answer in one sentence. */
export function summaryOf(
  { username, permission, scope, names }: ExplainQuestion,
  because: readonly Reason[],
  denial: Denial | null,
): string {
  const where = onScopeInWords(describeScope(scope, names))
  if (denial === null) {
    const [first] = because
    const others = because.length > 1 ? ` (and in ${because.length - 1} more ${because.length === 2 ? 'way' : 'ways'})` : ''
    return `${username} may ${permission} ${where}: ${first?.text ?? 'it is allowed'}${others}.`
  }
  const { unmet, missing, actions, similar } = denial
  if (actions !== null) {
    const meant = actions.length === 0 ? '' : ` Did you mean ${actions.join(', ')}?`
    return `There is no permission ${permission}, so nobody has it.${meant}`
  }
  const nearly = unmet[0] === undefined ? 'nothing grants it' : unmet[0].text
  if (similar !== null) return `${username} may not ${permission} ${where}: ${nearly}, and no role has it. Did you mean ${similar}?`
  const smallest = missing[0] === undefined ? '' : ` The smallest change: ${missing[0].text}.`
  return `${username} may not ${permission} ${where}: ${nearly}.${smallest}`
}

interface ObstacleContext {
  readonly status: UserStatus | null
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
      return `it begins only at ${when}`
    case 'expired':
      return `it ended at ${when}`
    case 'revoked':
      return `it was revoked at ${when}`
    case 'secondFactor':
      return 'it needs a session with a second factor'
    case 'network':
      return 'it does not apply to calls from this address'
    case 'deactivated':
      return 'the role was deactivated in this session: activate it again (access.activateRole)'
    case 'contested':
      return 'the role may not be used together with another one that they hold: activate it for the session (access.activateRole)'
    case 'userStatus':
      return `${username} is ${status}, so none of their grants apply`
    case 'frozen':
      return `the grants of ${username} are frozen, so none of them apply`
    case 'notMember':
      return `${username} is not a member of the organization`
    case 'organizationStatus':
      return `the organization is ${standing.status}`
    case 'credential':
      return 'the token that asks is limited to less than that'
  }
}
