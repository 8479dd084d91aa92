import type { Principal } from '@denizen/core'

/** The pages on which one may go on after signing in, named by `next` in the address; anything else leads to the first page. */
const goals: ReadonlySet<string> = new Set(['passkeys', 'sessions', 'change-password', 'second-factors', 'authenticator', 'recovery-codes'])

/** Those on which a second factor is set up: whoever owes one, and is on the way there, is not led away. */
const forFactors: ReadonlySet<string> = new Set(['passkeys', 'second-factors', 'authenticator', 'recovery-codes'])

/** The first page, as a goal that was meant. */
const home = 'home'

/** The page of second factors, which leads on to `next` once one is set up. */
export const secondFactorsOnTheWayTo = (next: string): string =>
  next === '' ? 'second-factors' : `second-factors?next=${encodeURIComponent(next)}`

/** The page of passkeys, which leads on to `next` once one is registered. */
export const passkeysOnTheWayTo = (next: string): string => (next === '' ? 'passkeys' : `passkeys?next=${encodeURIComponent(next)}`)

/** The page that an address or a form names as the next one; empty: none, or none that we know. */
export function goalOf(fields: URLSearchParams): string {
  const next = fields.get('next') ?? ''
  const [page = '', query = ''] = next.split('?')
  if (page !== 'second-factors' || query === '') return goals.has(next) ? next : ''
  return secondFactorsOnTheWayTo(furtherGoalOf(new URLSearchParams(query)))
}

/** Where to go on once a factor is set up; empty: the factors are what somebody came for. */
export function furtherGoalOf(fields: URLSearchParams): string {
  const next = fields.get('next') ?? ''
  return next === home || goals.has(next) ? next : ''
}

/** The address of a goal, as seen from the other pages. */
export const addressOfGoal = (goal: string): string => (goal === '' || goal === home ? './' : goal)

/** Where somebody goes on who just signed in: first to what the session still has to do. */
export function onwardFrom(pendingSteps: Principal['pendingSteps'], goal: string): string {
  if (pendingSteps.includes('changePassword'))
    return goal === '' || goal === 'change-password' ? 'change-password' : `change-password?next=${encodeURIComponent(goal)}`
  const [page = ''] = goal.split('?')
  if (!pendingSteps.includes('enrolFactor') || forFactors.has(page)) return addressOfGoal(goal)
  return secondFactorsOnTheWayTo(goal === '' ? home : goal)
}
