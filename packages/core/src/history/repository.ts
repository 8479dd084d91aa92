import type { SqlEntityManager } from '@mikro-orm/sql'
import type { FormerKind } from './entity.ts'

/** A state that ends: whose (and where) it was, as UUIDs, and since when. */
interface FormerState {
  readonly kind: FormerKind
  readonly subjectId: string
  readonly objectId: string | null
  /** The role of the member, the status, or the owner. */
  readonly value: string | null
  readonly beganAt: Date
}

/** Remembers how things were until now: the state that follows is in its own table. */
export async function recordFormerStates(em: SqlEntityManager, states: readonly FormerState[], endedAt: Date): Promise<void> {
  if (states.length === 0) return
  await em.execute(
    `insert into former_states (kind, subject_id, object_id, value, began_at, ended_at)
      select x.kind, x.subject, x.object, x.value, x.began, ?::timestamptz
        from json_to_recordset(?::json) as x(kind text, subject uuid, object uuid, value text, began timestamptz)`,
    [
      endedAt,
      JSON.stringify(
        states.map(({ kind, subjectId, objectId, value, beganAt }) => ({
          kind,
          subject: subjectId,
          object: objectId,
          value,
          began: beganAt,
        })),
      ),
    ],
    'run',
  )
}

/** A state that ends now, of a thing that is there since then. */
interface EndingState extends Omit<FormerState, 'beganAt'> {
  readonly since: Date
}

/**
 * The same of states that follow each other: one begins when the one before it ended, the first with the
 * thing itself. What began just now was never so for any time, and is not remembered.
 */
export async function recordEndedState(
  em: SqlEntityManager,
  { kind, subjectId, objectId, value, since }: EndingState,
  endedAt: Date,
): Promise<void> {
  await em.execute(
    `insert into former_states (kind, subject_id, object_id, value, began_at, ended_at)
      select x.kind, x.subject, x.object, x.value, b.began, x.ended
        from (select ?::text as kind, ?::uuid as subject, ?::uuid as object, ?::text as value, ?::timestamptz as since, ?::timestamptz as ended) x,
          lateral (select greatest(x.since, (select max(f.ended_at) from former_states f
            where f.kind = x.kind and f.subject_id = x.subject and f.object_id is not distinct from x.object)) as began) b
        where b.began < x.ended`,
    [kind, subjectId, objectId, value, since, endedAt],
    'run',
  )
}
