import { startServer, pinSelf } from './processes.ts'
import { measure } from './load.ts'
import { readFileSync } from 'node:fs'
pinSelf()
const DATABASE_URL = 'postgres://postgres@127.0.0.1:5432/denizen_bench_dev'
const key = readFileSync('/tmp/bench.key', 'utf8').trim()
const prof = process.argv.includes('--prof')
const { kept, adminToken } = JSON.parse(readFileSync('/tmp/dz.json', 'utf8'))
let i = 0
const req = (path: string, h: string) => `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n${h}\r\n\r\n`
const who = (n: number) => () => {
  const k = kept[i++ % n]
  return { text: req('/trpc/sessions.whoami?input=%7B%22json%22%3A%7B%7D%7D', `Authorization: Bearer ${k.token}`), fragment: k.fragment }
}
const create = () => {
  const n = i++
  const body = JSON.stringify({ json: { email: `new-${n}-${Date.now()}@bench.example`, displayName: `New ${n}` } })
  return {
    text: `POST /trpc/users.create HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ${adminToken}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    fragment: `"email":"new-${n}-`,
  }
}
const answer =
  '{"result":{"data":{"json":{"user":{"id":"usr_01jd5z8q7ve5t9h3r0z3n4w6xk","username":"user-1","email":"user-1@bench.example","displayName":"User 1","status":"active"},"session":{"id":"ses_01jd5z8q7ve5t9h3r0z3n4w6xk","expiresAt":"2026-12-04T21:00:00.000Z","assurance":"aal1"},"organization":null,"roles":["user"]},"meta":{"values":{"session.expiresAt":["Date"]}}}}}'
const payload = JSON.stringify(JSON.parse(answer).result.data)
const nodeOptions = prof ? ['--cpu-prof', '--cpu-prof-dir=/tmp/prof'] : []
const dz = await startServer({ file: 'servers/denizen.ts', environment: { DATABASE_URL, DENIZEN_MASTER_KEY: key }, nodeOptions })
console.log('started in', dz.startedIn)
const bt = await startServer({ file: 'servers/bare-trpc.ts', environment: { DENIZEN_DATA_DIR: 'memory://', BENCH_PAYLOAD: payload } })
const bh = await startServer({ file: 'servers/bare-http.ts', environment: { BENCH_ANSWER: answer } })
const only = process.argv[2]
for (let r = 0; r < 2; r++)
  for (const [name, port, requests] of [
    ['cached', dz.port, who(2000)],
    ['uncached', dz.port, who(60000)],
    ['create', dz.port, create],
    ['bare trpc', bt.port, () => ({ text: req('/trpc/bare.whoami?input=%7B%22json%22%3A%7B%7D%7D', 'X-A: b'), fragment: '"user-1"' })],
    ['bare http', bh.port, () => ({ text: req('/', 'Authorization: Bearer xxx'), fragment: '"user-1"' })],
  ] as const) {
    if (only && only !== '--prof' && !only.split(',').includes(name)) continue
    const u = await dz.usage()
    const m = await measure({ port, requests, connections: 32, warmUp: 1000, duration: 2000 })
    const v = await dz.usage()
    console.log(
      name.padEnd(10),
      m.rate.toFixed(0),
      'p50',
      m.p50.toFixed(2),
      'p99',
      m.p99.toFixed(2),
      'load',
      m.loadBusy.toFixed(2),
      'cpu',
      ((v.cpu - u.cpu) / 3000).toFixed(2),
      'miss',
      (v.details.misses ?? 0) - (u.details.misses ?? 0),
      'hit',
      (v.details.hits ?? 0) - (u.details.hits ?? 0),
      'rss',
      (v.rss / 1e6).toFixed(0),
    )
  }
await dz.stop()
await bt.stop()
await bh.stop()
