import { defineCommand } from '../kernel/action.ts'
import { callerId, isGrantedEverywhere, type Actor } from '../kernel/actor.ts'
import type { CommandContext } from '../kernel/context.ts'
import { notFound } from '../kernel/errors.ts'
import { cutPage, openCursor, type CursorScope } from '../kernel/page.ts'
import { anyOf, granted, owner } from '../kernel/rule.ts'
import {
  existingUser,
  managingOrganization,
  namedOrOwnAccountTarget,
  namedUserOrCaller,
  seesAllFields,
  type UserId,
} from '../users/index.ts'
import type { Excluded, Section } from './held.ts'
import { heldTables, queueTable, sections } from './registry.ts'
import { personalDataSignatures } from './signatures.ts'
import { camelCase, exportedRow, statementFor, type Export, type FoundRow } from './statement.ts'

const signature = personalDataSignatures.exportData

/**
 * Everything that is held about a person (GDPR, articles 15 and 20). It changes nothing, and is a command because it is recorded: who takes
 * all of somebody's data away leaves a trace. What it gives is read by one statement, and so at one moment.
 */
export const exportData = defineCommand(signature, {
  allow: anyOf(owner, granted),
  target: namedOrOwnAccountTarget,
  requiresRecentAuth: true,
  handlesSecret: true,
  fewAtOnce: true,
  async handle(context, { userId: named, limit, cursor }) {
    const { em, actor, now, ports } = context
    const userId = namedUserOrCaller(actor, { userId: named })
    const asked = { ...(await viewOf(context, userId)), limit }
    const scope = scopeOf(asked, actor)
    const position = await openCursor(ports.cipher, scope, cursor)
    const read = sections.filter(([table]) => position === null || position[0] === table)
    const after = position === null ? null : String(position[1])
    const { sql, parameters } = statementFor(
      read.map(([table, , section]) => [table, section]),
      asked,
      after,
    )
    const [found = {}] = await em.execute<Record<string, FoundRow[]>[]>(sql, [...parameters])
    const exported = await Promise.all(
      read.map(async ([table, held, section]) => {
        const page = { rows: found[table] ?? [], limit, positionOf: ({ key }: FoundRow) => [table, key] }
        const { shown, nextCursor } = await cutPage(ports.cipher, scope, page)
        const rows = shown.map((row) => exportedRow(section, asked.excluded, row))
        return {
          table,
          purpose: held.purpose,
          rows,
          withheld: withheldOf(section, asked.excluded),
          complete: nextCursor === null,
          nextCursor,
        }
      }),
    )
    context.note({ changes: { rows: exported.reduce((sum, { rows }) => sum + rows.length, 0), continued: cursor !== undefined } })
    const complete = exported.every((section) => section.complete)
    return { userId, at: now, organizationId: asked.organizationId, complete, sections: exported, omitted }
  },
})

/** What the caller gets: all of it as its user, the system or an administrator of the installation, else what is about the account and one organization. */
async function viewOf({ em, actor }: CommandContext, userId: UserId): Promise<Omit<Export, 'limit'>> {
  const user = await existingUser(em, userId)
  const managedBy = await managingOrganization(em, user)
  const isForAll = actor.kind === 'system' || callerId(actor) === userId || isGrantedEverywhere(actor, signature.name)
  // It was managed when the rule decided.
  if (!isForAll && (managedBy === null || actor.kind !== 'user' || !actor.principal.grants.allows(signature.name, managedBy)))
    throw notFound({ type: 'user' })
  const excluded: Excluded[] = []
  if (!seesAllFields(actor, managedBy)) excluded.push('whoeverMayNotChangeIt')
  if (!isForAll) excluded.push('administratorsOfItsOrganization')
  return { userId, address: user.emailVerified ? user.email : null, organizationId: isForAll ? null : managedBy, excluded }
}

function scopeOf({ userId, organizationId, excluded }: Export, actor: Actor): CursorScope {
  return { action: signature.name, filters: { userId, organizationId, excluded }, viewer: callerId(actor) ?? actor.kind }
}

function withheldOf({ partly = [], notForAll = [], leftOut }: Section, excluded: readonly Excluded[]) {
  const parts = [...notForAll.filter((part) => excluded.includes(part.for)), ...partly]
  const reasons = [...new Set(Object.values(leftOut))]
  return [
    ...parts.map(({ columns, why }) => ({ fields: columns.map(camelCase), why })),
    ...reasons.map((why) => ({
      fields: Object.keys(leftOut)
        .filter((column) => leftOut[column] === why)
        .map(camelCase),
      why,
    })),
  ]
}

const omitted = Object.entries({ ...heldTables, 'the queue of jobs': queueTable }).flatMap(([table, { purpose, export: why }]) =>
  typeof why === 'string' ? [{ table, purpose, why }] : [],
)
