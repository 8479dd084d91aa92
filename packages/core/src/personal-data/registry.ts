import type { HeldTable, Section } from './held.ts'
import { accessTables } from './tables/access.ts'
import { accountTables } from './tables/account.ts'
import { credentialTables } from './tables/credentials.ts'
import { recordTables } from './tables/records.ts'
import { signInTables } from './tables/sign-in.ts'

/**
 * Every table that holds something about people: the one list that exports walk, and what else is done with all that is held about
 * somebody. A test fails where a table or column of the migrated database is missing here.
 */
export const heldTables: Readonly<Record<string, HeldTable>> = {
  ...accountTables,
  ...credentialTables,
  ...signInTables,
  ...accessTables,
  ...recordTables,
}

/** The job table of pg-boss, in a schema of its own that its installation names. */
export const queueTable: HeldTable = {
  purpose: 'Mails and other work to be done for the person; kept for days.',
  people: { data: 'whom the work is for', output: 'how it ended' },
  purge: { deleted: 'their data or output names the person', gone: ['data', 'output'] },
  export: 'it says for some days which mail is to be sent to an id, and nothing that the other sections do not say',
}

/** The tables that hold nothing about anybody. Of each, the columns that look as if they did, with the reason why they do not. */
export const impersonalTables: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  denizen_migrations: {},
  organization_domains: {},
  provider_events: {},
  resource_policies: { limits: 'numbers, by the names of limits' },
  role_closure: {},
  role_counters: {},
  role_exclusion_members: {},
  role_exclusions: {},
  receipt_keys: { public_key: 'the public half of a key' },
  roles: {},
  signing_keys: { public_key: 'the public half of a key' },
  teams: {},
  user_counters: {},
  user_creation_counters: {},
}

/** The tables that a person gets rows of, in the order of their export. */
export const sections: readonly (readonly [table: string, held: HeldTable, section: Section])[] = Object.entries(heldTables).flatMap(
  ([table, held]) => (typeof held.export === 'string' ? [] : [[table, held, held.export] as const]),
)
