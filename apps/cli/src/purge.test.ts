import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { generateKeyPair, CompactSign, exportJWK } from 'jose'
import { expect, test } from 'vitest'
import { useServed } from './testing/served.ts'

const { served, asAdmin, terminal } = useServed()

test('users purge erases somebody, and its receipt is verified by the keys of the server, with and without it', async () => {
  const { world, server } = served()
  const { url } = server
  const { user } = await world.signUp({ username: 'is-erased' })
  await world.signUp({ username: 'inherits-it' })
  const run = (...line: string[]) => terminal.here(['users', ...line], asAdmin())
  expect(await run('purge', 'is-erased', '--yes')).toMatchObject({
    code: 5,
    stderr: expect.stringContaining('users archive is-erased') as unknown,
  })
  await run('archive', 'is-erased', '--yes')
  const asked = await run('purge', 'is-erased')
  expect(asked.stderr).toContain('--yes')
  const planned = await run('purge', 'is-erased', '--dry-run', '--resources', 'transfer', '--transfer-to', 'inherits-it')
  expect(planned.stdout).toMatch(/1 user/)
  const purged = await run('purge', 'is-erased', '--yes', '--json')
  expect([purged.code, purged.stderr]).toEqual([0, ''])
  const file = join(terminal.home, 'purged.json')
  writeFileSync(file, purged.stdout)
  const { receipt, salt } = purged.json<{ receipt: string; salt: string }>()
  const alone = join(terminal.home, 'receipt.jws')
  writeFileSync(alone, `${receipt}\n`)
  expect((await run('get', user.id)).code).toBe(3)

  // The server is asked for its keys once; from then on everything is here.
  const keys = join(terminal.home, 'keys.json')
  writeFileSync(keys, await (await fetch(`${url}/.well-known/erasure-receipt-keys.json`)).text())
  const whole = await run('verify-receipt', file, '--keys', keys)
  expect([whole.code, whole.stderr]).toEqual([0, ''])
  expect(whole.stdout).toMatch(/^The receipt is genuine: [^]*^It is the receipt of this user\.[^]*^users +1 +0$/m)
  const bySalt = await run('verify-receipt', alone, '--server', url, '--user', user.id, '--salt', salt)
  expect(bySalt.stdout).toContain('It is the receipt of this user.')
  const noKeys = await run('verify-receipt', alone)
  expect(noKeys.stdout).toMatch(/^The receipt is whole: [^]*signed it is not shown[^]*Whose it is was not checked/m)

  const another = await run('verify-receipt', alone, '--keys', keys, '--user', 'usr_01h455vb4pex5vsknk084sn02q', '--salt', salt)
  expect([another.code, another.stderr]).toEqual([1, expect.stringContaining('not of this user')])
  const [head = '', body = '', signature = ''] = receipt.split('.')
  const claims = JSON.parse(Buffer.from(body, 'base64url').toString()) as object
  expect(JSON.stringify(claims)).not.toMatch(/usr_|is-erased/)
  const changed = Buffer.from(JSON.stringify({ ...claims, iat: 1 })).toString('base64url')
  writeFileSync(alone, [head, changed, signature].join('.'))
  for (const line of [['--keys', keys], []]) expect((await run('verify-receipt', alone, ...line)).code).toBe(1)
  const forger = await generateKeyPair('EdDSA', { extractable: true })
  const { kid } = JSON.parse(Buffer.from(head, 'base64url').toString()) as { kid: string }
  const forged = new CompactSign(Buffer.from(JSON.stringify(claims)))
  forged.setProtectedHeader({ alg: 'EdDSA', typ: 'erasure-receipt+jws', kid, jwk: await exportJWK(forger.publicKey) })
  writeFileSync(alone, await forged.sign(forger.privateKey))
  expect((await run('verify-receipt', alone, '--keys', keys)).code).toBe(1)
  expect((await run('verify-receipt', alone)).stdout).toContain('signed it is not shown')
  expect(readFileSync(keys, 'utf8')).toContain(kid)
  const nobody = await run('verify-receipt', alone, '--server', 'http://127.0.0.1:1')
  expect([nobody.code, nobody.stderr]).toEqual([1, expect.stringContaining('did not tell its keys')])
})

test('users bulk-purge erases some, tells why not the others, and gives receipts and salts', async () => {
  const { world } = served()
  const run = (...line: string[]) => terminal.here(['users', ...line], asAdmin())
  for (const username of ['goes-one', 'goes-two', 'goes-three', 'stays-here', 'takes-over']) await world.signUp({ username })
  const going = ['goes-one', 'goes-two', 'goes-three']
  for (const username of going) await run('archive', username, '--yes')
  const planned = await run('bulk-purge', ...going, 'stays-here', '--dry-run')
  expect([planned.code, planned.stdout]).toEqual([6, expect.stringContaining('stays-here')])
  const some = await run('bulk-purge', 'goes-one', 'stays-here', '--resources', 'transfer', '--transfer-to', 'takes-over', '--yes')
  expect([some.code, some.stderr, some.stdout]).toEqual([
    6,
    '',
    expect.stringMatching(/^1 user purged, 1 not\.[^]*^USER +SALT$[^]*^usr_\w{26} +[\w-]{43}$[^]*users\.archiveFirst/m),
  ])
  const others = await run('bulk-purge', 'goes-two', 'goes-three', '--yes', '--json')
  const { succeeded } = others.json<{ succeeded: { userId: string; receipt: string; salt: string }[] }>()
  expect(succeeded).toHaveLength(2)
  const [first] = succeeded
  const file = join(terminal.home, 'first.json')
  writeFileSync(file, JSON.stringify(first))
  expect((await run('verify-receipt', file)).stdout).toContain('It is the receipt of this user.')
})
