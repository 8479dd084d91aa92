import type { SqlEntityManager } from '@mikro-orm/sql'
import type { Action, CachedTargetFinder, ChangingAction } from '../kernel/action.ts'
import type { Actor } from '../kernel/actor.ts'
import type { ImmediateContext, QueryContext, UseRecorder } from '../kernel/context.ts'
import type { DecisionView } from '../kernel/decisions.ts'
import { notFound } from '../kernel/errors.ts'
import {
  anyone,
  letsThroughByGrant,
  outsideOfOrganization,
  refusal,
  staysInOrganization,
  type Rule,
  type RuleRequest,
  type Target,
} from '../kernel/rule.ts'

/** The target of a call, if there is one. */
export interface FoundTarget {
  readonly target: Target | null
  /** The type of the target; null: the input names none. */
  readonly type: string | null
}

/** Finds the target of an input. The database is asked only if the action has a target. */
export async function findTarget(
  { target }: Action,
  open: () => Promise<SqlEntityManager>,
  input: unknown,
  actor: Actor,
): Promise<FoundTarget> {
  const named = target !== undefined && (target.names?.(input, actor) ?? true)
  const found = named ? await target.find(await open(), input, actor) : undefined
  return { target: found ?? null, type: found === undefined || target === undefined ? null : target.type }
}

const noTarget: FoundTarget = { target: null, type: null }

/** Finds the target with cached facts; what is missing of them is loaded. */
export async function findCachedTarget(
  finder: CachedTargetFinder<unknown>,
  { decisions, catalogue, actor }: Pick<QueryContext, 'decisions' | 'catalogue' | 'actor'>,
  input: unknown,
): Promise<FoundTarget> {
  const request = finder.needs(actor, input)
  return request === null ? noTarget : foundBy(finder, { catalogue, actor, facts: await decisions.load(request) }, input)
}

/** The same without waiting; undefined: not all facts are cached. */
export function findTargetImmediately(
  finder: CachedTargetFinder<unknown> | undefined,
  { facts: cached, catalogue, actor }: ImmediateContext,
  input: unknown,
): FoundTarget | undefined {
  const request = finder?.needs(actor, input) ?? null
  if (finder === undefined || request === null) return noTarget
  const facts = cached(request)
  return facts === undefined ? undefined : foundBy(finder, { catalogue, actor, facts }, input)
}

function foundBy(finder: CachedTargetFinder<unknown>, view: DecisionView, input: unknown): FoundTarget {
  return { target: finder.find(view, input), type: finder.type }
}

/** Throws unless the rule allows the call. */
export function checkAllowed(action: Action, actor: Actor, input: unknown, found: FoundTarget, uses: UseRecorder): void {
  const request = { actor, action: action.signature.name, target: found.target, input }
  // What anybody may do needs no credential, so no credential limits it.
  const isFree = action.allow === anyone || action.aboutCredential === true
  check(isFree ? action.allow : withinOrganization(action.allow, found.type), request, found.type, uses)
}

/** Throws unless the rule allows one item of a batch. Items that do not exist are not found. */
export function checkItem(
  { signature, allowItem }: ChangingAction,
  actor: Actor,
  item: unknown,
  { target, type }: FoundTarget,
  uses: UseRecorder,
): void {
  if (allowItem === undefined) throw new TypeError(`${signature.name} has items, but no rule for them.`)
  check(allowItem, { actor, action: signature.name, target, input: item }, type, uses)
  if (target === null && type !== null) throw notFound({ type })
}

/** The rule, and the limit of the credential. */
function withinOrganization(rule: Rule, type: string | null): Rule {
  return (request) => {
    if (!rule(request)) return false
    if (staysInOrganization(request)) return true
    throw outsideOfOrganization(request, type)
  }
}

function check(rule: Rule, request: RuleRequest, type: string | null, uses: UseRecorder): void {
  if (!rule(request)) throw refusal(request, type)
  const { actor, action, target } = request
  // An impersonator's use is not the user's.
  if (actor.kind !== 'user' || actor.principal.impersonator !== null) return
  const { userId } = actor.principal
  const organizationId = target?.organizationId ?? null
  if (!uses.isNoted(userId, action, organizationId) && letsThroughByGrant(rule, request)) uses.note(userId, action, organizationId)
}
