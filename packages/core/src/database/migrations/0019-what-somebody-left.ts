import { Migration } from '@mikro-orm/migrations'

/** For `users.exportData`: what somebody created, deleted, accepted, owned or asked for, among that of all. */
const indexes = {
  resources_owner_user_id_index: '"resources" ("owner_user_id")',
  resources_created_by_index: '"resources" ("created_by")',
  resources_deleted_by_index: '"resources" ("deleted_by")',
  former_states_owner_index: `"former_states" ("value") where "kind" = 'ownership'`,
  invitations_accepted_by_index: '"invitations" ("accepted_by")',
  organizations_created_by_index: '"organizations" ("created_by")',
  device_logins_user_id_index: '"device_logins" ("user_id")',
  job_runs_requested_by_index: '"job_runs" ("requested_by")',
}

export class WhatSomebodyLeft extends Migration {
  override name = '0019-what-somebody-left'

  override up(): void {
    for (const [name, place] of Object.entries(indexes)) this.addSql(`create index "${name}" on ${place}`)
  }

  override down(): void {
    for (const name of Object.keys(indexes)) this.addSql(`drop index "${name}"`)
  }
}
