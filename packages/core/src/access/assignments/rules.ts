import { invalidInput } from '../../kernel/errors.ts'
import type { Assignment, SubjectKind } from '../model.ts'
import type { BuiltInRoleName, Condition, ScopeKind } from '../../grants/model.ts'
import { notAssignable } from './errors.ts'

/** The validity of an assignment. */
export interface Window {
  readonly validFrom: Date
  /** null: until it is revoked. */
  readonly validUntil: Date | null
}

/** The requested window. A start in the past becomes now, because nobody had the permission then. */
export function windowOf(asked: { readonly validFrom?: Date | undefined; readonly validUntil?: Date | undefined }, now: Date): Window {
  const { validFrom = now, validUntil = null } = asked
  const from = validFrom > now ? validFrom : now
  if (validUntil !== null && validUntil <= from)
    throw invalidInput({
      issues: [{ path: 'validUntil', message: validUntil <= now ? 'this is over already' : 'has to be after validFrom' }],
    })
  return { validFrom: from, validUntil }
}

/** The validity and condition of an assignment. */
export interface Terms extends Window {
  readonly condition: Condition | null
}

/** Whether the existing assignment is on the requested terms. */
export function sameTerms(current: Terms, asked: Terms, now: Date): boolean {
  const begun = current.validFrom <= now && asked.validFrom <= now
  if (!begun && current.validFrom.getTime() !== asked.validFrom.getTime()) return false
  if (current.validUntil?.getTime() !== asked.validUntil?.getTime()) return false
  return conditionKey(current.condition) === conditionKey(asked.condition)
}

/** The same for conditions that are the same. */
export function conditionKey(condition: Condition | null): string {
  return JSON.stringify([condition?.assurance ?? null, [...(condition?.networks ?? [])].sort()])
}

/** Whether it has expired, revoked or not. */
export function isOver({ validUntil }: Window, now: Date): boolean {
  return validUntil !== null && validUntil <= now
}

/** The state of an assignment. */
export function stateOf(assignment: Window & { readonly revokedAt: Date | null }, now: Date): Assignment['state'] {
  const { validFrom, validUntil, revokedAt } = assignment
  if (revokedAt !== null && (validUntil === null || revokedAt < validUntil)) return 'revoked'
  if (isOver(assignment, now) || revokedAt !== null) return 'expired'
  return validFrom > now ? 'future' : 'current'
}

const notAssignableReasons: Readonly<Partial<Record<BuiltInRoleName, string>>> = {
  user: 'every full user has it from the start, and nobody else',
  anonymous: 'whoever has not said who they are has it',
  system: 'it stands for the operator of the machine',
}

/** Some built-in roles are assigned by Denizen only; superadmin is assigned to users only, everywhere. */
export function requireAssignable(
  role: { readonly name: string; readonly builtIn: boolean },
  subject: SubjectKind,
  scope: ScopeKind,
): void {
  if (!role.builtIn) return
  const name = role.name as BuiltInRoleName
  const because = notAssignableReasons[name]
  if (because !== undefined) throw notAssignable({ role: name, because })
  if (name === 'superadmin' && (subject !== 'user' || scope !== 'system'))
    throw notAssignable({ role: name, because: 'it is everything, everywhere, for one person; in an organization that is its owner' })
}
