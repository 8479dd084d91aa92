import type { Database } from '@denizen/runtime'
import { problem, type Check } from './doctor-check.ts'

/** Whether the database knows only the letters A to Z. */
export async function localeCheck({ kind, orm }: Database): Promise<readonly Check[]> {
  const { fewLetters, knowsLetters } = await import('@denizen/runtime')
  const [found, next] = fewLetters
  return kind !== 'postgres' || (await knowsLetters(orm)) ? [] : [{ name: 'Locale', state: 'warning', found, next }]
}

/** Whether the role may still use the tables: what it could at the start may have been taken away. */
export async function rightsCheck(database: Database): Promise<readonly Check[]> {
  if (database.kind !== 'postgres') return []
  const { checkRequirements } = await import('@denizen/runtime')
  try {
    await checkRequirements(database.orm, database.place.schema, { migrating: false })
    return []
  } catch (error) {
    return [problem('Rights', error, null)]
  }
}
