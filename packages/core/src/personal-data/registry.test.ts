import { databaseColumns, useWorld, type World } from '@denizen/core/testing'
import { expect, test } from 'vitest'
import { heldTables, impersonalTables } from './registry.ts'

const world = useWorld()

/** What the registry does not say of the database, and what it says that is not so. */
async function gaps(rows: World['rows']): Promise<readonly string[]> {
  const columns = await databaseColumns(rows)
  const existing = new Set(columns.flatMap(({ table, name }) => [table, `${table}.${name}`]))
  const missing = columns.flatMap(({ table, name, mayBePersonal }) => {
    const held = heldTables[table]
    if (held === undefined && impersonalTables[table] === undefined) return [`${table} is not registered`]
    const isSaid = { ...held?.people, ...held?.nobody, ...impersonalTables[table] }[name] !== undefined
    const section = held === undefined || typeof held.export === 'string' ? null : held.export
    const isDecided = section === null || section.shown[name] !== undefined || section.leftOut[name] !== undefined
    return [
      ...(mayBePersonal && !isSaid ? [`${table}.${name} may be about a person`] : []),
      ...(isDecided ? [] : [`${table}.${name} is neither exported nor left out`]),
    ]
  })
  const named = Object.entries(heldTables).flatMap(([table, { people, nobody, export: section }]) =>
    Object.keys({ ...people, ...nobody, ...(typeof section !== 'string' && { ...section.shown, ...section.leftOut }) }).map(
      (column) => `${table}.${column}`,
    ),
  )
  const gone = [...named, ...Object.keys(impersonalTables)].filter((name) => !existing.has(name)).map((name) => `${name} does not exist`)
  return [...new Set([...missing, ...gone])]
}

test('44: every table and column that may hold something about a person is registered, and what is registered exists', async () => {
  expect(await gaps(world().rows)).toEqual([])
})

test.each([
  ['a table that nobody registered', 'create table newsletters (id uuid primary key, wanted boolean)', ['newsletters is not registered']],
  [
    'a reference to users, whatever it is called',
    'alter table roles add responsible uuid references users',
    ['roles.responsible may be about a person'],
  ],
  ['a document', `alter table teams add extras jsonb`, ['teams.extras may be about a person']],
  [
    'an address in a table that is not exported',
    'alter table idempotency_keys add caller_email text',
    ['idempotency_keys.caller_email may be about a person'],
  ],
  [
    'who did it, by its name alone',
    'alter table memberships add added_by uuid',
    ['memberships.added_by may be about a person', 'memberships.added_by is neither exported nor left out'],
  ],
  [
    'any column of an exported table',
    'alter table passkeys add nick_name text',
    ['passkeys.nick_name may be about a person', 'passkeys.nick_name is neither exported nor left out'],
  ],
  ['a column that looks like nothing', 'alter table tokens add shade text', ['tokens.shade is neither exported nor left out']],
  ['a column that is gone', 'alter table sessions drop column browser', ['sessions.browser does not exist']],
])('44: the control finds %s', async (_, change, found) => {
  const em = world().em()
  await em.begin()
  try {
    await em.execute(change, [], 'run')
    const rows = <Row extends object>(statement: string) => em.execute<Row[]>(statement)
    expect(await gaps(rows)).toEqual(found)
  } finally {
    await em.rollback()
  }
})
