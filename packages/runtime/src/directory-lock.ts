import { randomBytes } from 'node:crypto'
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { defineError, timeInWords } from '@denizen/core'
import { z } from 'zod'
import { prepareDataDirectory } from './data-directory.ts'

/** Who has a data directory open. */
const ownerSchema = z.object({
  pid: z.number().int(),
  host: z.string(),
  /** When the lock was taken, ISO 8601. */
  startedAt: z.iso.datetime(),
  /** The URL that the process serves; null: none. */
  url: z.string().nullable(),
})
export type LockOwner = z.infer<typeof ownerSchema>

type LockedDetails = { directory: string; pid: number | null; url: string | null; host: string | null; startedAt: string | null }

export const databaseLocked = defineError<LockedDetails>('database.locked', 'conflict', ({ directory, pid, url, host, startedAt }) => {
  const who =
    pid === null
      ? 'another process'
      : `process ${pid} on ${host ?? 'this machine'}, since ${startedAt === null ? 'an unknown time' : timeInWords(new Date(startedAt))}`
  const next =
    url === null
      ? 'Stop that process first.'
      : `It serves at ${url}, and commands that take --url can be sent there. For all others, stop it first.`
  return `The data directory ${directory} is in use by ${who}. Opening it twice would destroy data. ${next}`
})

export interface DirectoryLock {
  readonly owner: LockOwner
  /** Publishes the URL that this process serves, for the error of processes that want the lock. */
  announce(url: string): void
  release(): void
}

const lockFile = 'lock.sqlite'
const ownerFile = 'owner.json'

/** Referenced here, so that the garbage collector cannot close a file and with it release the lock. Bounded by the open directories. */
const held = new Set<DatabaseSync>()

/**
 * Locks the directory for this process, or throws `database.locked` with the owner.
 *
 * It is a file lock of the operating system on `lock.sqlite`, taken through SQLite (part of
 * Node), whose file locks are reliable on every system. It ends with the process, however
 * that ends, so there are no stale locks; and it works between containers that share a
 * directory, where pids mean nothing (https://sqlite.org/lockingv3.html).
 * `owner.json` only describes the owner; nothing is decided by it.
 */
export async function lockDirectory(directory: string, url: string | null = null): Promise<DirectoryLock> {
  prepareDataDirectory(directory)
  const database = await takeLock(directory)
  held.add(database)
  let owner: LockOwner = { pid: process.pid, host: hostname(), startedAt: new Date().toISOString(), url }
  writeOwner(directory, owner)
  return {
    get owner() {
      return owner
    },
    announce(at) {
      owner = { ...owner, url: at }
      writeOwner(directory, owner)
    },
    release() {
      if (!held.delete(database)) return
      rmSync(join(directory, ownerFile), { force: true })
      database.close()
    },
  }
}

async function takeLock(directory: string): Promise<DatabaseSync> {
  // The owner needs a moment to write owner.json, and a process that is being killed a moment to release the lock.
  for (let attempt = 0; ; attempt++) {
    const database = tryLock(join(directory, lockFile))
    if (database !== null) return database
    const owner = readLockOwner(directory)
    if ((owner !== null && isAlive(owner)) || attempt === 20) {
      throw databaseLocked({ directory, ...(owner ?? { pid: null, url: null, host: null, startedAt: null }) })
    }
    await sleep(50)
  }
}

function tryLock(path: string): DatabaseSync | null {
  const database = new DatabaseSync(path, { timeout: 0 })
  try {
    database.exec('begin exclusive')
    return database
  } catch (error) {
    database.close()
    if (isBusy(error)) return null
    throw error
  }
}

/** SQLITE_BUSY, in the low byte of the extended result code. */
function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && typeof error.errcode === 'number' && (error.errcode & 0xff) === 5
}

/** Who has the directory open, according to owner.json; null: nobody. Only trying to lock it tells whether that is true. */
export function readLockOwner(directory: string): LockOwner | null {
  try {
    return ownerSchema.parse(JSON.parse(readFileSync(join(directory, ownerFile), 'utf8')))
  } catch {
    return null
  }
}

/** Whether the owner may still be running; one that has died is not reported. */
function isAlive({ pid, host }: LockOwner): boolean {
  if (host !== hostname()) return true
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

function writeOwner(directory: string, owner: LockOwner): void {
  const draft = join(directory, `${ownerFile}.${randomBytes(6).toString('hex')}`)
  writeFileSync(draft, `${JSON.stringify(owner)}\n`, { mode: 0o600 })
  renameSync(draft, join(directory, ownerFile))
}
