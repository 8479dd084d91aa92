import { cheapCost, useWorld } from '@denizen/core/testing'
import { describe, expect, test } from 'vitest'

/** bcrypt of "pässwörd 1", made with libxcrypt. */
const bcrypt = '$2y$04$abcdefghijklmnopqrstuuttEEnz76zm7MjVN//MHDv0G89wKAxhO'
const typed = 'pässwörd 1'
/** MD5 of the same. */
const md5 = 'ce74b892da441b00f4b61523872bc6b4'

describe('users.importRecords', () => {
  const world = useWorld()
  const bring = (source: string, users: readonly object[]) =>
    world()
      .asSystem()
      .users.importRecords({ source, users: [...users] })
  const signIn = (identifier: string, password: string) => world().asAnonymous().auth.signIn({ identifier, password })
  const stored = async (username: string) => {
    const [row] = await world().rows<{ hash: string }>(
      'select p.hash from passwords p join users u on u.id = p.user_id where u.username = ?',
      [username],
    )
    return row?.hash
  }
  const laravel = (hash: string) => ({ password: { system: 'laravel', hash } })

  test('46: a user signs in with the password of the other system, which is hashed anew then', async () => {
    const answer = await bring('one', [{ id: 7, username: 'rec-ada', email: 'Rec-Ada@example.com', ...laravel(bcrypt) }])
    expect(answer).toMatchObject({ created: 1, unchanged: 0, failed: [], warnings: [], users: [{ index: 0, username: 'rec-ada' }] })
    expect(await stored('rec-ada')).toMatch(/^\$bcrypt\$v=2y,c=04\$/)
    await expect(signIn('rec-ada', `${typed}x`)).rejects.toMatchObject({ code: 'auth.invalidCredentials' })
    await expect(signIn('rec-ada@example.com', typed)).resolves.toMatchObject({ status: 'signedIn' })
    expect(await stored('rec-ada')).toContain(`$argon2id$v=19$m=${cheapCost.memory}`)
    await expect(signIn('rec-ada', typed)).resolves.toMatchObject({ status: 'signedIn' })
  })

  test('the password is tried as it is typed, and in NFC', async () => {
    const composed = 'pässwörd 1'.normalize('NFC')
    const decomposed = composed.normalize('NFD')
    await bring('nfc', [{ username: 'rec-nfc', ...laravel(bcrypt) }])
    await expect(signIn('rec-nfc', decomposed)).resolves.toMatchObject({ status: 'signedIn' })
    const hash = [...new Uint8Array(await crypto.subtle.digest('SHA-1', new TextEncoder().encode(decomposed)))]
    const hex = hash.map((byte) => byte.toString(16).padStart(2, '0')).join('')
    await bring('nfc', [{ username: 'rec-nfd', password: { system: 'template', hash: hex, parameters: { digest: 'sha1' } } }])
    await expect(signIn('rec-nfd', composed)).rejects.toMatchObject({ code: 'auth.invalidCredentials' })
    await expect(signIn('rec-nfd', decomposed)).resolves.toMatchObject({ status: 'signedIn' })
  })

  test('34: what would cost too much is refused with the number of its row; the user comes without a password', async () => {
    const hostile = '$2y$31$abcdefghijklmnopqrstuuttEEnz76zm7MjVN//MHDv0G89wKAxhO'
    const { created, failed, warnings } = await bring('hostile', [
      { username: 'rec-fine', ...laravel(bcrypt) },
      { username: 'rec-hostile', ...laravel(hostile) },
      { username: 'rec-locked', ...laravel(`!${bcrypt}`) },
      { username: 'rec-odd', password: { system: 'oddity', hash: 'x' } },
      { username: 'rec-more', unheard: true },
      { username: 'rec-slips', emial: 'a@example.com' },
      { username: 'rec-system', password: { system: 'djagno', hash: 'x' } },
      { username: '', email: '' },
    ])
    expect(created).toBe(3)
    expect(warnings).toEqual([
      { index: 1, username: 'rec-hostile', message: expect.stringContaining('bcrypt with cost 31: the limit is 14;') },
      { index: 2, username: 'rec-locked', message: expect.stringContaining('locked') },
    ])
    expect(failed).toMatchObject([
      {
        index: 3,
        username: 'rec-odd',
        code: 'users.unreadable',
        message: expect.stringMatching(/password\.system: .*wordpress, zitadel\. /),
      },
      { index: 4, username: 'rec-more', code: 'users.unreadable', message: expect.stringContaining('unheard') },
      { index: 5, message: expect.stringContaining('emial: there is no such field; did you mean email?') },
      { index: 6, message: expect.stringContaining('password.system: there is no such value; did you mean django?') },
      { index: 7, message: expect.stringContaining('username: must not be empty') },
    ])
    expect(await stored('rec-hostile')).toBeUndefined()
    for (const name of ['rec-hostile', 'rec-locked'])
      await expect(signIn(name, typed)).rejects.toMatchObject({ code: 'auth.invalidCredentials' })
  })

  test('an id that cannot be stored fails its own record, and not the whole import', async () => {
    const { created, failed } = await bring('broken ids', [
      { id: 'a\u0000b', username: 'rec-nul' },
      { id: 'a\ud800', username: 'rec-half' },
      { id: 'ab', username: 'rec-whole' },
    ])
    expect(created).toBe(1)
    expect(failed).toMatchObject([
      { index: 0, code: 'users.unreadable' },
      { index: 1, code: 'users.unreadable' },
    ])
  })

  test('a repeated import makes nobody twice, and leaves their passwords as they are', async () => {
    const users = [{ id: 'a', username: 'rec-twice', ...laravel(bcrypt) }, { email: 'rec-mail@example.com' }]
    expect(await bring('twice', users)).toMatchObject({ created: 2, unchanged: 0 })
    await signIn('rec-twice', typed)
    expect(await bring('twice', users)).toMatchObject({ created: 0, unchanged: 2, failed: [], warnings: [] })
    expect(await stored('rec-twice')).toMatch(/^\$argon2id/)
    expect(await bring('twice elsewhere', users)).toMatchObject({ created: 0, failed: [{ index: 0 }, { index: 1 }] })
  })

  test('who is not enabled comes inactive', async () => {
    await bring('off', [{ username: 'rec-off', enabled: false, ...laravel(bcrypt) }])
    await expect(signIn('rec-off', typed)).rejects.toMatchObject({ code: 'auth.invalidCredentials' })
  })

  test('users.hashes counts what is left of each kind', async () => {
    const countOf = async (kind: string) => {
      const { kinds, total } = await world().asSystem().users.hashes()
      expect(kinds.reduce((sum, { count }) => sum + count, 0)).toBe(total)
      return kinds.find((held) => held.kind === kind)
    }
    const before = (await countOf('digest-md5'))?.count ?? 0
    await bring('count', [
      { username: 'rec-md5', password: { system: 'wordpress', hash: md5 } },
      { username: 'rec-md5-salted', password: { system: 'django', hash: `md5$salt$${md5}` } },
    ])
    expect(await countOf('digest-md5')).toEqual({ kind: 'digest-md5', count: before + 2 })
    await signIn('rec-md5', typed)
    expect(await countOf('digest-md5')).toEqual({ kind: 'digest-md5', count: before + 1 })
    expect((await countOf('argon2id'))?.count).toBeGreaterThan(0)
  })
})
