import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'

/** Ends a process that was started as the leader of its group, with the whole group: npm passes signals on only sometimes. */
export async function endGroup(leader: ChildProcess): Promise<void> {
  if (leader.exitCode !== null || leader.pid === undefined) return
  const ended = once(leader, 'exit')
  process.kill(-leader.pid, 'SIGTERM')
  await ended
}
