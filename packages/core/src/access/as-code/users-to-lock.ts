import type { PrepareContext } from '../../kernel/context.ts'
import { isId, type Id } from '../../kernel/id.ts'
import { usersInTeam } from '../assignments/repository.ts'
import { requireFewChanges } from './change-limit.ts'
import type { AccessDocument } from './document.ts'
import { readDocument } from './read.ts'
import { holdersOf } from '../roles/holders.ts'

/** The users who gain or lose an assignment, directly or through a team, or something that a role of theirs loses. They are locked first, as with single commands. */
export async function usersToLock({ reader, catalogue, now }: PrepareContext, document: AccessDocument): Promise<readonly Id<'usr'>[]> {
  const { difference } = await readDocument(reader, catalogue, document, now)
  requireFewChanges(difference)
  const ids = [...new Set(difference.assignments.map(({ change }) => change.subject.id))]
  const users: Id<'usr'>[] = ids.filter((id) => isId('usr', id))
  const weaker = difference.roles.flatMap(({ change, current }) =>
    current !== null && (change.change === 'delete' || change.permissions.removed.length + change.includes.removed.length > 0)
      ? [current.id]
      : [],
  )
  for (const role of weaker) users.push(...(await holdersOf(reader, role, now)))
  for (const team of ids.filter((id) => isId('team', id))) users.push(...(await usersInTeam(reader, team)))
  return users
}
