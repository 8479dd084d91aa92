import { databaseColumns, useWorld, type World } from '@denizen/core/testing'
import { expect, test } from 'vitest'
import { heldTables as registered, impersonalTables } from './registry.ts'

const world = useWorld()

type Held = typeof registered

/** What the registry does not say of the database, and what it says that is not so. */
async function gaps(rows: World['rows'], heldTables: Held = registered): Promise<readonly string[]> {
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
  const purged = Object.entries(heldTables).flatMap(([table, { people, purge }]) => {
    const { deleted, gone: withRows = [], forgotten = [], kept = {} } = purge
    const said = new Set([...withRows, ...forgotten.flatMap(({ columns }) => Object.keys(columns)), ...Object.keys(kept)])
    return [
      ...Object.keys(people).flatMap((column) => (said.has(column) ? [] : [`a purge leaves ${table}.${column} as it is`])),
      ...[...said].flatMap((column) =>
        existing.has(`${table}.${column}`) ? [] : [`a purge names ${table}.${column}, which does not exist`],
      ),
      ...(withRows.length > 0 && deleted === undefined ? [`a purge deletes no row of ${table}`] : []),
    ]
  })
  const gone = [...named, ...Object.keys(impersonalTables)].filter((name) => !existing.has(name)).map((name) => `${name} does not exist`)
  return [...new Set([...missing, ...gone, ...purged])]
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
  [
    'a column that is gone',
    'alter table sessions drop column browser',
    ['sessions.browser does not exist', 'a purge names sessions.browser, which does not exist'],
  ],
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

test.each([
  [
    'a column of people of which the purge says nothing',
    'passkeys',
    (held: Held[string]) => ({ ...held, purge: { ...held.purge, gone: ['user_id'] } }),
    'a purge leaves passkeys.name as it is',
  ],
  [
    'rows that nothing deletes',
    'identities',
    ({ purge: { gone = [] }, ...held }: Held[string]) => ({ ...held, purge: { gone } }),
    'a purge deletes no row of identities',
  ],
  [
    'a column that is not there',
    'organizations',
    (held: Held[string]) => ({ ...held, purge: { kept: { ...held.purge.kept, made_by: 'nobody' } } }),
    'a purge names organizations.made_by, which does not exist',
  ],
] as const)('44: the control of purges finds %s', async (_, table, change, found) => {
  const held = registered[table]
  if (held === undefined) throw new Error('no such table')
  expect(await gaps(world().rows, { ...registered, [table]: change(held) })).toEqual([found])
})
