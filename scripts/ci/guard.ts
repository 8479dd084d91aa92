/** See `Guard`: ends all programs that still run when its input ends, because CI was ended. */
import { createInterface } from 'node:readline'
import { endFamilies } from './processes.ts'

const running = new Set<number>()
for await (const line of createInterface({ input: process.stdin })) {
  const pid = Number(line.slice(1))
  if (line.startsWith('+')) running.add(pid)
  else running.delete(pid)
}
await endFamilies([...running], 10_000)
