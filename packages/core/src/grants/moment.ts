import type { FormerKind } from '../history/entity.ts'

/** The moment that facts are read at: now, from the rows as they are; or a time, from their history. */
export type Moment = Date | 'now'

/** The time as a parameter; null for now. */
export function timeOf(at: Moment): Date | null {
  return at === 'now' ? null : at
}

/**
 * The difference between reading the present and the past, in SQL. Where the past is read, `moment.at` is the time, and `f` a former
 * state.
 */
export interface RowsAt {
  /** Condition: it had begun. */
  begun(column: string): string
  /** Condition: it had not ended. */
  unended(column: string): string
  /** The value of what has the value `current` today. */
  value(kind: FormerKind, subject: string, current: string): string
  /** SQL that only the present needs. */
  present(sql: string): string
  /** SQL that only the past needs. */
  past(sql: string): string
}

/** SQL condition: the former state `f` was so at the time. */
export const wasSo = 'f.began_at <= moment.at and f.ended_at > moment.at'

export const presentRows: RowsAt = {
  begun: () => 'true',
  unended: (column) => `${column} is null`,
  value: (_kind, _subject, current) => current,
  present: (sql) => sql,
  past: () => '',
}

const pastRows: RowsAt = {
  begun: (column) => `${column} <= moment.at`,
  unended: (column) => `(${column} is null or ${column} > moment.at)`,
  value: (kind, subject, current) => `nullif(coalesce((select coalesce(f.value, '') from former_states f
      where f.kind = '${kind}' and f.subject_id = ${subject} and ${wasSo} limit 1), ${current}, ''), '')`,
  present: () => '',
  past: (sql) => sql,
}

/** Makes something of SQL for the present and for the past, each once. */
export function forEachMoment<Made>(make: (rows: RowsAt) => Made): (at: Moment) => Made {
  const [now, then] = [make(presentRows), make(pastRows)]
  return (at) => (at === 'now' ? now : then)
}

/** SQL that selects the teams of a user, as `team_id`. */
export function seatsOf(user: string, { past }: RowsAt = presentRows): string {
  return `select s.team_id from team_members s where s.user_id = ${user}${past(` and s.created_at <= moment.at
    union select f.object_id from former_states f where f.kind = 'seat' and f.subject_id = ${user} and ${wasSo}`)}`
}

/** SQL that selects the memberships of a user: `organization`, `role`, and whether the organization is `active`. */
export function membershipsOf(user: string, { begun, value, past }: RowsAt): string {
  return `select x.organization, x.role, ${value('organizationStatus', 'o.id', 'o.status')} = 'active' as active
    from (select m.organization_id as organization, m.role from memberships m where m.user_id = ${user}${past(` and m.created_at <= moment.at
        and not exists (select 1 from former_states f where f.kind = 'membership' and f.subject_id = m.user_id
          and f.object_id = m.organization_id and f.ended_at > moment.at)
      union all select f.object_id, f.value from former_states f where f.kind = 'membership' and f.subject_id = ${user} and ${wasSo}`)}) x
      join organizations o on o.id = x.organization and ${begun('o.created_at')}`
}
