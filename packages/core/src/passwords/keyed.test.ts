import { createHmac } from 'node:crypto'
import { defaultPorts } from '@denizen/core'
import { databases, useWorld } from '@denizen/core/testing'
import { bcrypt } from 'hash-wasm'
import { describe, expect, test } from 'vitest'
import { readHash } from './index.ts'
import { sealKey } from './keyed.ts'

const typed = 'correct horse battery'
const pepper = 'the pepper of all'
const pepperInBase64 = Buffer.from(pepper).toString('base64').replace(/=+$/, '')

const peppered = () => bcrypt({ password: typed + pepper, salt: new Uint8Array(16).fill(7), costFactor: 4, outputType: 'encoded' })
/** Hashes with a key that is everybody's. */
const systems: Readonly<Record<string, () => Promise<{ system: string; hash: string; parameters?: object }>>> = {
  devise: async () => ({ system: 'devise', hash: await peppered(), parameters: { pepper } }),
  clerk: async () => ({ system: 'clerk', hash: await peppered(), parameters: { password_hasher: 'bcrypt_peppered', pepper } }),
  template: async () => ({
    system: 'template',
    hash: createHmac('sha256', pepper).update(typed).digest('hex'),
    parameters: { digest: 'sha256', key: pepper },
  }),
}

describe.each(databases)('keys of imported hashes on %s', (database) => {
  const world = useWorld({ database })
  let names = 0
  const stored = async (username: string) => {
    const statement = 'select p.hash, p.user_id::text as id from passwords p join users u on u.id = p.user_id where u.username = ?'
    const [row] = await world().rows<{ hash: string; id: string }>(statement, [username])
    if (row === undefined) throw new Error('There is no such password.')
    return row
  }
  async function bring(password: object): Promise<string> {
    const username = `keyed-${database}-${++names}`
    await world()
      .asSystem()
      .users.importRecords({ source: 'keyed', users: [{ username, password }] })
    return username
  }
  const signIn = (username: string, password = typed) => world().asAnonymous().auth.signIn({ identifier: username, password })

  test.each(Object.entries(systems))('46: of %s are sealed, and their passwords sign in', async (_, made) => {
    const username = await bring(await made())
    const { hash } = await stored(username)
    expect(hash).toMatch(/\$~1\.[^$]+\$/)
    expect(hash).not.toContain(pepperInBase64)
    await expect(signIn(username, 'another password')).rejects.toMatchObject({ code: 'auth.invalidCredentials' })
    await signIn(username)
    expect((await stored(username)).hash).toMatch(/^\$argon2id\$/)
  })

  test('46: what was stored in clear is sealed by the next start, once, and signs in', async () => {
    const username = await bring({ system: 'laravel', hash: await peppered() })
    const read = readHash('devise', { hash: await peppered(), parameters: { pepper } })
    if (!('hash' in read)) throw new Error(read.problem)
    const { id } = await stored(username)
    await world().rows('update passwords set hash = ? where user_id = ? returning 1', [read.hash, id])
    await world().rows(
      'insert into former_passwords (id, user_id, hash, replaced_at) values (gen_random_uuid(), ?, ?, now()) returning 1',
      [id, read.hash],
    )
    expect((await stored(username)).hash).toContain(pepperInBase64)

    await restart()
    const { hash } = await stored(username)
    const [former] = await world().rows<{ hash: string }>('select hash from former_passwords where user_id = ?', [id])
    for (const kept of [hash, former?.hash]) {
      expect(kept).toMatch(/\$~1\.[^$]+\$/)
      expect(kept).not.toContain(pepperInBase64)
    }
    await restart()
    expect((await stored(username)).hash).toBe(hash)
    await signIn(username)
  })

  async function restart(): Promise<void> {
    const again = world().another({})
    await again.start()
    await again.stop()
  }

  test('46: without the master key nobody tries passwords on what is sealed', async () => {
    const username = await bring(await (systems['devise'] as (typeof systems)[string])())
    const { cipher } = await defaultPorts(new Uint8Array(32).fill(9))
    const thief = world().another({ ports: { cipher } })
    const guess = thief.as({ kind: 'anonymous' }).auth.signIn({ identifier: username, password: typed })
    await expect(guess).rejects.toMatchObject({ code: 'request.sealedElsewhere' })
  })

  test('hashes without a key stay as they are', async () => {
    const { cipher } = world().ports
    for (const hash of [await world().ports.hasher.hash('one'), keycloakLike(), 'anything', '$a$b'])
      expect(await sealKey(cipher, hash)).toBe(hash)
  })
})

const keycloakLike = () => '$pbkdf2-sha256$i=1000$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA'
