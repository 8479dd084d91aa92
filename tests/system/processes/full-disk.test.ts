import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, statfs, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { unpackCluster } from '../../../packages/runtime/src/testing/cluster.ts'
import { eventually } from '../../deadlines.ts'
import { denizenToEnd, endPrograms, startServer } from '../../processes.ts'

const megabyte = 1024 ** 2
const size = 160

/** A disk of its own in memory; null: only root may make one. */
async function smallDisk(): Promise<string | null> {
  const folder = await mkdtemp(join(tmpdir(), 'denizen-disk-'))
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}m`, 'tmpfs', folder], { stdio: 'ignore' })
    return folder
  } catch {
    await rm(folder, { recursive: true })
    return null
  }
}

const disk = await smallDisk()
afterAll(async () => {
  await endPrograms()
  if (disk === null) return
  execFileSync('umount', [disk])
  await rm(disk, { recursive: true })
})

describe.skipIf(disk === null)('R4: case 57: a disk that fills up under the embedded database', () => {
  it('never stops the server: it refuses changes, is told to end and ends, and goes on when there is room', async () => {
    const folder = disk ?? ''
    const directory = join(folder, 'data')
    unpackCluster(directory)
    const environment = { DENIZEN_DATA_DIR: directory, DENIZEN_MASTER_KEY: randomBytes(32).toString('base64url') }
    const server = await startServer(environment)
    const { bavail, bsize } = await statfs(folder)
    const ballast = join(folder, 'ballast')
    // Less than the database's log grows by at a time.
    await writeFile(ballast, Buffer.alloc(Math.max(0, bavail * bsize - 12 * megabyte), 1))
    const read = async (path: string) => (await fetch(server.url + path, { signal: AbortSignal.timeout(20_000) })).text()
    const signUp = async (name: string) => {
      const body = JSON.stringify({ json: { email: `${name}@example.com`, password: 'correct horse battery staple' } })
      const headers = { 'content-type': 'application/json' }
      return (await fetch(`${server.url}/trpc/auth.signUp`, { method: 'POST', headers, body, signal: AbortSignal.timeout(60_000) })).text()
    }
    for (let round = 0; round < 10; round++) expect(await signUp(`ada${round}`)).toContain('request.databaseFull')
    expect(await read('/readyz')).toContain('databaseFull')
    expect(server.stderr().match(/nearly full: until there is room/g)).toHaveLength(1)
    const doctor = await denizenToEnd(['doctor', '--json'], { ...environment, DENIZEN_URL: server.url })
    expect(doctor.stdout()).toMatch(/only 1\d MB free/)
    expect(doctor.code).toBe(1)

    await rm(ballast)
    await eventually(20_000, 'being ready again', async () => (await read('/readyz')).includes('"ready"'))
    expect(await signUp('grace')).not.toContain('error')
    await writeFile(ballast, Buffer.alloc(4 * megabyte, 1))
    expect(await server.end('SIGTERM')).toMatchObject({ code: 0 })
  })
})
