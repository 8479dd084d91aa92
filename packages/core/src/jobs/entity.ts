import { defineEntity, p } from '@mikro-orm/core'
import { idColumn, instant } from '../kernel/columns.ts'
import type { JsonObject } from '../kernel/json.ts'
import { UserRow } from '../users/entity.ts'
import type { RunState } from './model.ts'

const JobRunSchema = defineEntity({
  name: 'JobRunRow',
  tableName: 'job_runs',
  properties: {
    id: idColumn('run').primary(),
    job: p.string().columnType('text'),
    state: p.string().columnType('text').$type<RunState>(),
    /** The time at which it was due; null: somebody asked for it. */
    scheduledFor: instant().strictNullable(),
    requestedBy: () =>
      p
        .manyToOne(UserRow)
        .mapToPk()
        .strictNullable()
        .fieldName('requested_by')
        .foreignKeyName('job_runs_requested_by_foreign')
        .deleteRule('set null'),
    /** How often it was begun. */
    attempts: p.integer().default(0),
    did: p.json().columnType('jsonb').default('{}').$type<JsonObject>(),
    /** Why it failed the last time. */
    error: p.string().columnType('text').strictNullable().$type<string>(),
    /** Somebody has cancelled it; it ends with its next step. */
    isCancelled: p.boolean().default(false),
    createdAt: instant(),
    startedAt: instant().strictNullable(),
    /** The last sign of life of the process that does it. */
    seenAt: instant().strictNullable(),
    endedAt: instant().strictNullable(),
  },
  uniques: [{ name: 'job_runs_scheduled_for_unique', properties: ['job', 'scheduledFor'] }],
  indexes: [
    { name: 'job_runs_job_index', properties: ['job', 'id'] },
    { name: 'job_runs_ended_at_index', properties: ['endedAt'] },
    { name: 'job_runs_requested_by_index', properties: ['requestedBy'] },
    {
      name: 'job_runs_open_unique',
      expression: `create unique index "job_runs_open_unique" on "job_runs" ("job") where "ended_at" is null`,
    },
  ],
})

/** A run of a job: one that waits, that is going on, or that is over. A job has at most one that is not over. */
export class JobRunRow extends JobRunSchema.class {}
JobRunSchema.setClass(JobRunRow)
