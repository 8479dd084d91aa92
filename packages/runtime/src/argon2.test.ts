import { readdirSync, readFileSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { getPriority } from 'node:os'
import { DenizenError } from '@denizen/core'
import { hasherContract } from '@denizen/core/testing'
import { afterEach, describe, expect, test } from 'vitest'
import { threadedHasher, type ThreadedHasher } from './argon2.ts'

const opened: ThreadedHasher[] = []

function hasher(options = { workers: 1, queueLimit: 8 }): ThreadedHasher {
  const made = threadedHasher(options)
  opened.push(made)
  return made
}

afterEach(async () => {
  await Promise.all(opened.splice(0).map((made) => made.close()))
})

hasherContract('threadedHasher', () => hasher({ workers: 1, queueLimit: 16 }))

/** A PHC string of the right form; what it hashes does not matter. */
function phc(kind: string, version: number, m: number, t: number, p: number): string {
  return `$${kind}$v=${version}$m=${m},t=${t},p=${p}$c29tZXNhbHQxMjM0NTY$${'A'.repeat(43)}`
}

/** Every thread of this process, and how nice it is. */
function priorities(): (readonly [task: string, nice: number])[] {
  return readdirSync('/proc/self/task').map((task) => {
    const fields = readFileSync(`/proc/self/task/${task}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
    return [task, Number(fields[16])] as const
  })
}

describe('threadedHasher', () => {
  test('makes argon2id hashes of the promised cost that only their password verifies', async () => {
    const made = hasher()
    const hash = await made.hash('pässwörd 🔑')
    expect(hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
    expect(await made.verify(hash, 'pässwörd 🔑')).toBe(true)
    expect(await made.verify(hash, 'passwörd 🔑')).toBe(false)
    expect(await made.verify(hash, '')).toBe(false)
    expect(await made.hash('pässwörd 🔑')).not.toBe(hash)
  })

  test('verifies what the reference implementation made', async () => {
    // From the test suite of https://github.com/P-H-C/phc-winner-argon2 (test.c): password "password", salt "somesalt".
    const argon2i = '$argon2i$v=19$m=256,t=2,p=1$c29tZXNhbHQ$iekCn0Y3spW+sCcFanM2xBT63UP2sghkUoHLIUpWRS8'
    const argon2id = '$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4'
    for (const hash of [argon2i, argon2id]) {
      expect(await hasher().verify(hash, 'password')).toBe(true)
      expect(await hasher().verify(hash, 'passwore')).toBe(false)
    }
  })

  test.each([
    ['no hash', 'password'],
    ['bcrypt', '$2b$12$abcdefghijklmnopqrstuuXk7Zk6pQ1Q1Q1Q1Q1Q1Q1Q1Q1Q1Q1Q1'],
    ['empty', ''],
    ['gigabytes', phc('argon2id', 19, 4_194_304, 1, 1)],
    ['hours', phc('argon2id', 19, 19_456, 4000, 1)],
    ['lanes', phc('argon2id', 19, 262_144, 1, 255)],
    ['much of everything', phc('argon2id', 19, 262_144, 16, 1)],
    ['broken base64', phc('argon2id', 19, 19_456, 2, 1).replace('c29t', '####')],
  ])('answers false at once for %s: no thread works on it', async (_name, hash) => {
    const made = hasher()
    const answer = made.verify(hash, 'password')
    expect(made.load()).toEqual({ running: 0, waiting: 0 })
    expect(await answer).toBe(false)
  })

  test.each([
    [phc('argon2id', 19, 19_456, 2, 1), false],
    [phc('argon2id', 19, 65_536, 3, 4), false],
    [phc('argon2id', 19, 19_455, 2, 1), true],
    [phc('argon2id', 19, 65_536, 1, 1), true],
    [phc('argon2id', 16, 19_456, 2, 1), true],
    [phc('argon2i', 19, 19_456, 2, 1), true],
    ['$pbkdf2-sha256$i=27500$c2FsdA$aGFzaA', true],
  ])('says whether %s is outdated: %s', (hash, outdated) => {
    expect(hasher().isOutdated(hash)).toBe(outdated)
  })

  test('refuses at once when the queue is full, and recovers', async () => {
    const made = hasher({ workers: 1, queueLimit: 3 })
    const accepted = Array.from({ length: 4 }, () => made.hash('password')) // one runs, three wait
    expect(made.load()).toEqual({ running: 1, waiting: 3 })
    const refusal: unknown = await made.hash('password').catch((error: unknown) => error)
    expect(made.load()).toEqual({ running: 1, waiting: 3 })
    expect(refusal).toBeInstanceOf(DenizenError)
    expect(refusal).toMatchObject({ code: 'passwords.busy', kind: 'unavailable', details: { retryAfter: 1 } })
    expect(new Set(await Promise.all(accepted)).size).toBe(4)
    expect(made.load()).toEqual({ running: 0, waiting: 0 })
    expect(await made.hash('password')).toContain('$argon2id$')
  })

  test('estimates when to come back from how many wait', async () => {
    const made = hasher({ workers: 1, queueLimit: 400 })
    const waiting = Array.from({ length: 401 }, () => made.hash('password').catch(() => null))
    const refusal: unknown = await made.hash('password').catch((error: unknown) => error)
    expect(refusal).toMatchObject({ details: { retryAfter: 11 } }) // 401 hashes of 25 ms, the guess before the first is done
    await made.close()
    await Promise.all(waiting)
  })

  test('finishes what runs when closed and refuses the rest', async () => {
    const made = hasher()
    const running = made.hash('password')
    const waits = made.hash('password').catch((error: unknown) => error)
    await made.close()
    expect(await running).toContain('$argon2id$')
    expect(await waits).toMatchObject({ code: 'request.stopping' })
    await expect(made.hash('password')).rejects.toMatchObject({ code: 'request.stopping' })
  })

  test('leaves the shared thread pool free: files are read while sixteen passwords are hashed', async () => {
    const made = hasher({ workers: 1, queueLimit: 16 })
    await made.hash('warm up')
    let hashing = true
    const work = Promise.all(Array.from({ length: 16 }, () => made.hash('password'))).then(() => (hashing = false))
    let reads = 0
    while (hashing) {
      await stat(import.meta.dirname)
      reads += 1
    }
    await work
    expect(reads).toBeGreaterThan(50) // on the shared pool: a read per finished hash, at best
  })

  // Under `nice` every thread may have that priority already, and nothing can be told apart.
  test.runIf(process.platform === 'linux' && getPriority() < 5)(
    'lowers the priority of the hashing thread and of nothing else',
    async () => {
      const others = new Map(priorities())
      const made = hasher()
      await made.hash('password')
      const now = priorities()
      for (const [task, nice] of now.filter(([task]) => others.has(task))) expect([task, nice]).toEqual([task, others.get(task)])
      const started = now.filter(([task]) => !others.has(task)).map(([, nice]) => nice)
      expect(started.filter((nice) => nice === 5)).toHaveLength(1)
      expect(started.filter((nice) => nice === getPriority())).toHaveLength(started.length - 1)
    },
  )
})
