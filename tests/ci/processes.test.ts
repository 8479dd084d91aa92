import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { familyOf } from '../../scripts/ci/processes.ts'
import { eventually } from '../deadlines.ts'

it('a process is ended with all that descend from it, children first, and nobody else', () => {
  const parents = new Map([
    [2, 1],
    [3, 2],
    [4, 3],
    [5, 2],
    [6, 1],
  ])
  expect(familyOf(2, parents)).toEqual([4, 3, 5, 2])
  expect(familyOf(9, parents)).toEqual([9])
})

it.skipIf(process.platform !== 'linux')(
  'the guard ends what still runs once nobody tells it more, grandchildren in a group of their own too',
  async () => {
    // Starts a child that leaves its group, tells who it is, and waits.
    const script =
      "const c = require('child_process').spawn('sleep', ['600'], { detached: true }); console.log(c.pid); setInterval(() => {}, 1000)"
    const program = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'ignore'] })
    const [line] = (await once(program.stdout, 'data')) as [Buffer]
    const grandchild = Number(String(line))
    const guard = spawn(process.execPath, [join(import.meta.dirname, '../../scripts/ci/guard.ts')], {
      stdio: ['pipe', 'ignore', 'inherit'],
    })
    const over = Promise.all([once(program, 'exit'), once(guard, 'exit')])
    guard.stdin.end(`+${program.pid}\n+999999999\n-999999999\n`)
    const [[, signal], [code]] = (await over) as [[null, string], [number]]
    expect({ signal, code }).toEqual({ signal: 'SIGTERM', code: 0 })
    await eventually(10_000, 'the grandchild being over', async () => !isAlive(grandchild))
  },
)

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
