import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { DenizenError } from '@denizen/core'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { compileCache } from '../../../tests/compile-cache.ts'
import { lockDirectory, readLockOwner } from './directory-lock.ts'

let directory: string
const children: ChildProcess[] = []

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'denizen-lock-'))
})
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
  rmSync(directory, { recursive: true, force: true })
})

/** A real process that tries for the lock and says `held` or the code of the error. */
function contender(): ChildProcess {
  const program = new URL('./testing/lock-contender.ts', import.meta.url)
  const child = fork(program, [directory], {
    execArgv: ['--conditions=@denizen/source'],
    env: { ...process.env, NODE_COMPILE_CACHE: compileCache },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  children.push(child)
  return child
}

async function verdict(child: ChildProcess): Promise<string> {
  const [said] = await once(child, 'message')
  return String(said)
}

async function kill(child: ChildProcess): Promise<void> {
  const gone = once(child, 'exit')
  child.kill('SIGKILL')
  await gone
}

async function failure(work: Promise<unknown>): Promise<DenizenError> {
  const error: unknown = await work.then(
    () => null,
    (reason: unknown) => reason,
  )
  if (error instanceof DenizenError) return error
  throw new Error('expected a DenizenError', { cause: error })
}

describe('lockDirectory', () => {
  test('names the owner to a second opener', async () => {
    const owner = contender()
    expect(await verdict(owner)).toBe('held')
    const error = await failure(lockDirectory(directory))
    expect(error.code).toBe('database.locked')
    expect(error.kind).toBe('conflict')
    expect(error.details).toMatchObject({ pid: owner.pid, directory, url: 'http://127.0.0.1:4999', host: hostname() })
    expect(error.message).toContain(`process ${owner.pid}`)
    expect(error.message).toContain('http://127.0.0.1:4999')
  })

  test('refuses a second opener in the same process, and lets it in after release', async () => {
    const first = await lockDirectory(directory)
    expect((await failure(lockDirectory(directory))).details).toMatchObject({ pid: process.pid, url: null })
    first.announce('http://127.0.0.1:4000')
    expect((await failure(lockDirectory(directory))).details).toMatchObject({ url: 'http://127.0.0.1:4000' })
    first.release()
    first.release()
    expect(readLockOwner(directory)).toBeNull()
    const second = await lockDirectory(directory)
    second.release()
  })

  test('54: exactly one of many simultaneous starters wins, also when the owner before was killed', async () => {
    const owner = contender()
    expect(await verdict(owner)).toBe('held')
    await kill(owner)
    expect(readLockOwner(directory)?.pid).toBe(owner.pid)
    const verdicts = await Promise.all([contender(), contender(), contender(), contender()].map(verdict))
    expect(verdicts.toSorted()).toEqual(['database.locked', 'database.locked', 'database.locked', 'held'])
  })

  test('a description left by a dead owner does not keep anybody out, whoever has its pid now', async () => {
    const left = { pid: process.ppid, host: hostname(), startedAt: '2020-01-01T00:00:00.000Z', url: null }
    writeFileSync(join(directory, 'owner.json'), JSON.stringify(left))
    const lock = await lockDirectory(directory)
    expect(readLockOwner(directory)?.pid).toBe(process.pid)
    lock.release()
  })

  test('a broken description does not keep anybody out', async () => {
    writeFileSync(join(directory, 'owner.json'), '{"pid":')
    const lock = await lockDirectory(directory)
    expect(readLockOwner(directory)).toEqual(lock.owner)
    lock.release()
  })
})
