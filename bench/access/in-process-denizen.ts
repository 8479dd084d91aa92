import { readFile } from 'node:fs/promises'
import { systemActor, userActor, type Principal } from '@denizen/core'
import { createRuntime } from '@denizen/runtime'
import { benchConfig } from '../denizen.ts'
import { send } from '../servers/harness.ts'
import { documentOf } from './document.ts'
import { idAt, mayRead, resourceIn, resourcesEach, sizesAt } from './layout.ts'
import { ratePerSecond, syncRatePerSecond } from './rate.ts'
import { memberOf, permission } from './work.ts'

/** Decisions in this process: of the engine alone, and of `access.check` from what is kept; then a document of access, planned and applied. */
const sizes = sizesAt(Number(process.env['BENCH_SCALE']))
const { tokens } = JSON.parse(await readFile(process.env['BENCH_TOKENS'] ?? '', 'utf8')) as { tokens: readonly string[] }
const runtime = await createRuntime(benchConfig(), { working: false })
const { core } = runtime
await runtime.start()

const system = systemActor('bench')
const origin = { requestId: 'req_bench', ip: null, userAgent: null }
const organizationIds = Array.from({ length: sizes.organizations }, (_, number) => idAt('org', number))
const asked = 500
const principals: Principal[] = []
for (let session = sizes.organizations; principals.length < asked; session++) {
  const principal = await core.authenticate(tokens[session] ?? '')
  if (principal === null) throw new Error('a session is not there')
  principals.push(principal)
}

const engine = await syncRatePerSecond(decide)
for (let turn = 0; turn < asked; turn++) await call(turn) // now all of it is remembered
const query = core.immediate('access.check', ({ json }) => json)
const questions = principals.map((_, at) => {
  const { principal, input, member, index } = asking(at)
  return { principal, told: query?.(input), expected: `{"allowed":${mayRead(member, index)}}` }
})
const atOnce = await syncRatePerSecond(answer)
const calls = await ratePerSecond(16, call)
const document = documentOf(sizes)
const plan = await timed(() => runtime.core.as(system).access.plan({ document }))
const apply = await timed(() => runtime.core.as(system).access.apply({ document }))
const again = await timed(() => runtime.core.as(system).access.apply({ document }))
await runtime.stop()
send({ engine, atOnce, calls, plan, apply, again })
process.disconnect()

/** What an application's role allows, somewhere in the hierarchy: members have one role in their own organization, and none in others. */
function decide(turn: number): void {
  const at = turn % asked
  const principal = principals[at]
  const { organization } = memberOf(sizes, sizes.organizations + at)
  const elsewhere = turn % 2 === 1
  const place = organizationIds[(organization + (elsewhere ? 1 : 0)) % sizes.organizations] ?? null
  if (principal?.grants.allows('app.p0', place) === elsewhere) throw new Error('the engine decides wrongly')
}

/** The same question as over HTTP, read once, of whoever is remembered. */
function answer(turn: number): void {
  const { principal, told, expected } = questions[turn % asked] ?? {}
  if (principal === undefined || !told) throw new Error('there is nobody to ask')
  const answer = told(principal, origin.requestId)
  if (answer !== expected) throw new Error(answer === undefined ? 'nothing is remembered: measure again' : 'it is decided wrongly')
}

async function call(turn: number): Promise<void> {
  const at = turn % asked
  const { principal, input, member, index } = asking(at)
  const { allowed } = (await core.run('access.check', input, { actor: userActor(principal), origin })) as { allowed: boolean }
  if (allowed !== mayRead(member, index)) throw new Error(`it says ${allowed} of member ${member} and resource ${index}`)
}

function asking(at: number) {
  const { organization, member } = memberOf(sizes, sizes.organizations + at)
  const index = (at * 13) % resourcesEach
  const principal = principals[at]
  if (principal === undefined) throw new Error('there is nobody to ask')
  return { principal, member, index, input: { permission, on: { resourceId: resourceIn(sizes, organization, index) } } }
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now()
  await work()
  return performance.now() - startedAt
}
