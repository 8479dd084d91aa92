import type { Hasher } from '@denizen/core'
import { describe, expect, test } from 'vitest'
import { within } from '../../../../tests/deadlines.ts'

/** What every Hasher does. The maker's hashes may be cheap; the one given again is made at another cost. */
export function hasherContract(name: string, make: () => Hasher | Promise<Hasher>): void {
  describe(`Hasher: ${name}`, () => {
    test('makes argon2id hashes as PHC strings, another one each time', async () => {
      const hasher = await make()
      const [first, second] = [await hasher.hash('pässwörd 🔑'), await hasher.hash('pässwörd 🔑')]
      expect(first).toMatch(/^\$argon2id\$v=19\$m=\d+,t=\d+,p=\d+\$[A-Za-z0-9+/]{22,}\$[A-Za-z0-9+/]{43}$/)
      expect(second).not.toBe(first)
    })

    test('verifies the password and nothing like it', async () => {
      const hasher = await make()
      const hash = await hasher.hash('pässwörd 🔑')
      expect(await hasher.verify(hash, 'pässwörd 🔑')).toBe(true)
      for (const other of ['passwörd 🔑', 'pässwörd 🔑 ', 'pässwörd', 'x']) expect(await hasher.verify(hash, other)).toBe(false)
    })

    test('takes 1024 characters and tells the last of them apart', async () => {
      const hasher = await make()
      const hash = await hasher.hash('a'.repeat(1023) + 'b')
      expect(await hasher.verify(hash, 'a'.repeat(1023) + 'b')).toBe(true)
      expect(await hasher.verify(hash, 'a'.repeat(1023) + 'c')).toBe(false)
    })

    test('verifies what the reference implementation made', async () => {
      // https://github.com/P-H-C/phc-winner-argon2, src/test.c: password "password", salt "somesalt"
      const hash = '$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4'
      const hasher = await make()
      expect(await hasher.verify(hash, 'password')).toBe(true)
      expect(await hasher.verify(hash, 'passwore')).toBe(false)
    })

    test.each([
      // RFC 7914, sections 11 and 12, and libxcrypt
      ['PBKDF2', 'passwd', '$pbkdf2-sha256$i=1$c2FsdA$VawEblbjCJ/sFpHCJUS2BflBhSFt3gRl5oudV8INrLw'],
      [
        'scrypt',
        'password',
        '$scrypt$ln=10,r=8,p=16$TmFDbA$/bq+HJ00cgB4VucZDQHp/nxq18vII3gw53N2Y0s3MWIurzDZLiKjiG/xCSedmDDaxyevuUqD7m2DYMvfoswGQA',
      ],
      ['bcrypt', 'U*U', '$bcrypt$v=2a,c=05$CCCCCCCCCCCCCCCCCCCCC.$E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW'],
    ])('verifies what other systems made: %s', async (_name, password, hash) => {
      const hasher = await make()
      expect(await hasher.verify(hash, password)).toBe(true)
      expect(await hasher.verify(hash, `${password}.`)).toBe(false)
      expect(hasher.isOutdated(hash)).toBe(true)
    })

    test.each([
      ['nothing', ''],
      ['hours of bcrypt', '$bcrypt$v=2b,c=31$CCCCCCCCCCCCCCCCCCCCC.$E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW'],
      ['gigabytes of scrypt', `$scrypt$ln=30,r=8,p=1$TmFDbA$${'A'.repeat(43)}`],
      ['text', 'password'],
      ['bcrypt', '$2b$12$abcdefghijklmnopqrstuuXk7Zk6pQ1Q1Q1Q1Q1Q1Q1Q1Q1Q1Q1Q1'],
      ['argon2 with a salt that is no base64', `$argon2id$v=19$m=8,t=1,p=1$c29tZXNhb$${'A'.repeat(43)}`],
      ['argon2 with a hash that is no base64', `$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$${'A'.repeat(42)}B`],
      ['a gigabyte', `$argon2id$v=19$m=1048576,t=99,p=1$c29tZXNhbHQ$${'A'.repeat(43)}`],
      ['hours', `$argon2id$v=19$m=9999999,t=99,p=99$c29tZXNhbHQ$${'A'.repeat(43)}`],
    ])('answers false, soon, for a hash of another kind or cost: %s', async (_name, hash) => {
      const hasher = await make()
      // The work that some of these hashes ask for would take minutes.
      expect(await within(10_000, 'an answer about a hash', hasher.verify(hash, 'password'))).toBe(false)
    })

    test('does not call its own hashes outdated, and cheaper ones it does', async () => {
      const hasher = await make()
      expect(hasher.isOutdated(await hasher.hash('password'))).toBe(false)
      expect(hasher.isOutdated(`$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$${'A'.repeat(43)}`)).toBe(true)
      expect(hasher.isOutdated('$pbkdf2-sha256$i=27500$c2FsdA$aGFzaA')).toBe(true)
    })

    test('refuses with passwords.busy when too many wait, and recovers', async () => {
      const hasher = await make()
      const asked = Array.from({ length: 1000 }, () =>
        hasher.hash('password').then(
          () => 'made',
          (error: unknown) => (error as { code: unknown }).code,
        ),
      )
      const answers = new Set(await Promise.all(asked))
      expect(answers).toEqual(new Set(['made', 'passwords.busy']))
      expect(await hasher.hash('password')).toContain('$argon2id$')
    })
  })
}
