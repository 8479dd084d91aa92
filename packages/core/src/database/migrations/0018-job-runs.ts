import { Migration } from '@mikro-orm/migrations'

/** The runs of jobs: what is due is queued once by all processes together, and what ran is known afterwards. */
export class JobRuns extends Migration {
  override name = '0018-job-runs'

  override up(): void {
    this.addSql(`create table "job_runs" ("id" uuid not null, "job" text not null, "state" text not null, "scheduled_for" timestamptz null,
      "requested_by" uuid null, "attempts" int not null default 0, "did" jsonb not null default '{}', "error" text null,
      "is_cancelled" boolean not null default false, "created_at" timestamptz not null, "started_at" timestamptz null,
      "seen_at" timestamptz null, "ended_at" timestamptz null, primary key ("id"))`)
    this.addSql(`alter table "job_runs" add constraint "job_runs_scheduled_for_unique" unique ("job", "scheduled_for")`)
    this.addSql(`create index "job_runs_job_index" on "job_runs" ("job", "id")`)
    this.addSql(`create index "job_runs_ended_at_index" on "job_runs" ("ended_at")`)
    this.addSql(`create unique index "job_runs_open_unique" on "job_runs" ("job") where "ended_at" is null`)
    this.addSql(
      `alter table "job_runs" add constraint "job_runs_requested_by_foreign" foreign key ("requested_by") references "users" ("id") on delete set null`,
    )
  }

  override down(): void {
    this.addSql(`drop table "job_runs"`)
  }
}
