import type { SqlEntityManager } from '@mikro-orm/sql'
import type { FormerKind } from './entity.ts'

/** A state that has ended, with UUIDs. */
interface FormerState {
  readonly kind: FormerKind
  readonly subjectId: string
  readonly objectId: string | null
  /** The role of the member, the status, or the owner. */
  readonly value: string | null
  readonly beganAt: Date
}

/** Records former states. The state that follows is in its own table. */
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

/** A state that ends now, of something that exists since then. */
interface EndingState extends Omit<FormerState, 'beganAt'> {
  readonly since: Date
}

/**
 * Records a former state that began when the one before it ended, or with the thing itself. A state that began just now held for no time,
 * and is not recorded.
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
