import type { SqlEntityManager } from '@mikro-orm/sql'
import type { Action, Command } from '../kernel/action.ts'
import type { Actor } from '../kernel/context.ts'
import { notFound } from '../kernel/errors.ts'
import { refusal, type Rule, type RuleRequest, type Target } from '../kernel/rule.ts'

/** What a call is about, as far as it says. */
export interface Found {
  readonly target: Target | null
  /** What kind of thing it names; null: nothing in particular. */
  readonly type: string | null
}

/** Finds what an input is about. The database is asked for only if the action has a target. */
export async function findTarget({ target }: Action, open: () => Promise<SqlEntityManager>, input: unknown, actor: Actor): Promise<Found> {
  const found = target === undefined ? undefined : await target.find(await open(), input, actor)
  return { target: found ?? null, type: found === undefined || target === undefined ? null : target.type }
}

/** Throws what the caller is to know when the rule does not let the call through. */
export function checkAllowed(action: Action, actor: Actor, input: unknown, found: Found): void {
  check(action.allow, { actor, action: action.signature.name, target: found.target, input }, found.type)
}

/** The same for one item of a batch. One that is not there is nobody's to touch. */
export function checkItem({ signature, allowItem }: Command, actor: Actor, item: unknown, { target, type }: Found): void {
  if (allowItem === undefined) throw new TypeError(`${signature.name} has items, but no rule for them.`)
  check(allowItem, { actor, action: signature.name, target, input: item }, type)
  if (target === null && type !== null) throw notFound({ type })
}

function check(rule: Rule, request: RuleRequest, type: string | null): void {
  if (!rule(request)) throw refusal(request, type)
}
