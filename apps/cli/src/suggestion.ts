import { bySimilarity, distance } from '@denizen/core/contract'

/** Commands that take something away: they are proposed only for what is nearly the same word. */
const takesAway =
  /^(bulk-)?(archive|contain|deactivate|decline|delete|demote|disable|drop|end|logout|remove|reset|revoke|stop|transfer|unassign|unlink)\b/

/** Prefixes that turn a verb around. */
const prefixes = /^(un|de|dis|re)(?=[a-z])/

/** The candidate that was probably meant, or null: at most a third of its letters differ, and it is never the opposite. */
export function closest(text: string, candidates: readonly string[]): string | null {
  const typed = text.toLowerCase()
  const isNear = (candidate: string, letters: number) =>
    letters <= (takesAway.test(candidate) ? 1 : Math.max(1, candidate.length / 3)) && !isOpposite(typed, candidate.toLowerCase())
  return bySimilarity(text, candidates).find(({ candidate, letters }) => isNear(candidate, letters))?.candidate ?? null
}

/** `unarchive` and `archive`, `reactivate` and `deactivate`. */
function isOpposite(one: string, other: string): boolean {
  const [first, second] = [one.replace(prefixes, ''), other.replace(prefixes, '')]
  const turned = prefixes.exec(one)?.[0] !== prefixes.exec(other)?.[0]
  return turned && distance(first, second) <= 1
}
