import type { SignedInUser } from '@denizen/core/testing'
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest'
import { openDatabase, type SystemDatabase } from './database.ts'
import { endPrograms, startServer, type Environment, type ServerProgram } from './processes.ts'

/** A database, and a superadmin who is signed in. */
export interface Installation {
  readonly database: SystemDatabase
  readonly admin: SignedInUser
}

export interface ServedInstallation extends Installation {
  readonly server: ServerProgram
}

/** An installation for a file of tests. Afterwards its programs are ended and the database is closed. */
export function useInstallation(): () => Installation {
  let installation: Installation | undefined
  beforeAll(async () => {
    const database = await openDatabase()
    installation = { database, admin: await database.people.asSuperadmin() }
  })
  afterAll(async () => {
    await endPrograms()
    await installation?.database.close()
  })
  return () => existing(installation)
}

/** The same with a server, which has these settings besides the database's. */
export function useServedInstallation(settings: Environment = {}): () => ServedInstallation {
  const installation = useInstallation()
  let server: ServerProgram | undefined
  beforeAll(async () => {
    server = await startServer({ ...installation().database.environment, ...settings })
  })
  return () => ({ ...installation(), server: existing(server) })
}

/** A database for each test. */
export function useDatabases(): () => SystemDatabase {
  let database: SystemDatabase | undefined
  beforeEach(async () => {
    database = await openDatabase()
  })
  afterEach(() => database?.close())
  return () => existing(database)
}

function existing<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('it exists in tests and in later hooks only')
  return value
}
