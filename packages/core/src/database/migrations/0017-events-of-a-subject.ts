import { Migration } from '@mikro-orm/migrations'

/** Finds the events of a user among those of all, for `users.exportData`. */
export class EventsOfASubject extends Migration {
  override name = '0017-events-of-a-subject'

  override up(): void {
    this.addSql(`create index "events_subject_index" on "events" ("subject", "id")`)
  }

  override down(): void {
    this.addSql(`drop index "events_subject_index"`)
  }
}
