import type { Orm } from '@denizen/core'

/** What an operator is told of a database in plain `C`, and what to do. Its locale cannot be changed later, so it is said from the first start. */
export const fewLetters = [
  'the locale of the database (C) knows the letters A to Z only: with all others, upper and lower case differ in names of teams, roles, resources and ' +
    'organizations, and searches for users are slow',
  'It cannot be changed later. Another needs a new database: createdb --template=template0 --locale=C.UTF-8 …',
] as const

/** Whether the database knows letters beyond A to Z. */
export async function knowsLetters(orm: Orm): Promise<boolean> {
  const [row] = await orm.em.getConnection().execute<{ knows: boolean }[]>(`select lower('Ä') = 'ä' as knows`)
  return row?.knows === true
}
