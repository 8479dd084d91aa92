import {
  assignmentTuple,
  customRolesIn,
  parseAssignments,
  resolveAssignments,
  type ResolvedAssignment,
  forEachMoment,
} from '../../grants/index.ts'
import { idOf, uuidsOf, type Id } from '../../kernel/id.ts'
import { idArray, runStatement, statement } from '../../kernel/statement.ts'
import type { Reading } from './subjects.ts'

const teamsStatement = forEachMoment(({ begun, unended, past }) =>
  statement(
    `teams${past('_then')}`,
    `select a.team_id::text as team, json_agg(${assignmentTuple})::text as assignments
      from (select ?::timestamptz as at) moment, role_assignments a where a.team_id = any(${idArray}) and ${begun('a.granted_at')}
        and ${unended('a.revoked_at')} and a.valid_from <= moment.at and (a.valid_until is null or a.valid_until > moment.at)
      group by a.team_id`,
  ),
)

/** The assignments of teams that have begun and not ended. */
export async function loadTeams(
  { em, at, time, definitions }: Reading,
  teams: readonly Id<'team'>[],
): Promise<ReadonlyMap<Id<'team'>, readonly ResolvedAssignment[]>> {
  if (teams.length === 0) return new Map()
  const rows = await runStatement<{ team: string; assignments: string }>(em, teamsStatement(at), [time, uuidsOf(teams)])
  const given = new Map(rows.map(({ team, assignments }) => [idOf('team', team), parseAssignments(assignments)]))
  const roles = await definitions.of(em, customRolesIn([...given.values()].flat()))
  return new Map(teams.map((id) => [id, resolveAssignments(given.get(id) ?? [], roles)]))
}
