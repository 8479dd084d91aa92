import { Migration } from '@mikro-orm/migrations'

const refused = `raise exception '% is append-only', tg_table_name using errcode = 'insufficient_privilege'; return null;`

/** The body of the trigger: `appendOnly` of kernel/append-only.ts as it was then. */
function forgettingBody(columns: readonly string[], empty: string): string {
  const list = `'{${columns.join(',')}}'::text[]`
  const emptied = columns.map(
    (column) => `(new.${column} is not distinct from old.${column} or new.${column} is not distinct from ${empty})`,
  )
  return (
    `if tg_op = 'UPDATE' and current_setting('denizen.forgetting', true) = 'on' then ` +
    `if to_jsonb(new) - ${list} = to_jsonb(old) - ${list} and ${emptied.join(' and ')} then return new; end if; end if; ${refused}`
  )
}

const bodies = {
  audit_entries: forgettingBody(['actor_reason', 'ip', 'user_agent', 'changes'], 'null'),
  events: forgettingBody(['payload'], `'{}'`),
}

const functionOf = (table: string, body: string) =>
  `create or replace function "${table}_append_only_fn"() returns trigger as $$ begin ${body} end; $$ language plpgsql`

/** For `users.purge`: entries and events can forget what they tell of a person, and the public keys of receipts are kept. */
export class Purging extends Migration {
  override name = '0020-purging'

  override up(): void {
    for (const [table, body] of Object.entries(bodies)) this.addSql(functionOf(table, body))
    this.addSql(
      `create table "receipt_keys" ("id" uuid not null, "public_key" jsonb not null, "first_used_at" timestamptz not null, primary key ("id"))`,
    )
  }

  override down(): void {
    this.addSql(`drop table "receipt_keys"`)
    for (const table of Object.keys(bodies)) this.addSql(functionOf(table, refused))
  }
}
