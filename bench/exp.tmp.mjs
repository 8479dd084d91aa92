const { pinSelf } = await import('/work/main/bench/processes.ts'); await pinSelf()
const { createDatabases } = await import('/work/main/bench/database.ts')
const { prepare } = await import('/work/main/bench/contenders.ts')
const { runRounds } = await import('/work/main/bench/rounds.ts')
const { readOptions } = await import('/work/main/bench/options.ts')
const d = await createDatabases(); let c
const o = { ...readOptions(['--quick', '--only', 'uncached']), duration: 5000, rounds: 1, limit: Infinity }

process.env.TRACE='1'
try { c = await prepare(d, o); const den = c.contenders[0].server
 for (let k = 0; k < 5; k++) { const r = await runRounds(c.contenders, o, async () => { await d.pin() }); console.log('RSS', [...r.values()][0].map(x => (x.rss / 1e6).toFixed(0)).join(), JSON.stringify((await den.usage()).details)) }
} catch (e) { console.error('FAILED', e) } finally { await c?.stop(); await d.drop() }
