import { describe, expect, test } from 'vitest'
import { readHash } from './index.ts'

interface Refused {
  readonly system: Parameters<typeof readHash>[0]
  readonly hash: string
  readonly parameters?: Readonly<Record<string, unknown>>
  readonly problem: RegExp
}

describe('a hash that is not taken over', () => {
  const salt = 'c2FsdCBvZiBzaXh0ZWVuIQ'
  test.each<Refused>([
    {
      system: 'django',
      hash: 'pbkdf2_sha256$2147483647$salt$Zb3i46R2x+kn2/bkenanr3NqRTHlpKpY73Kt6Z/6MOo=',
      problem: /pbkdf2-sha256 with 2147483647 iterations: the limit is 1500000$/,
    },
    { system: 'django', hash: 'pbkdf2_sha256$ 1000$salt$Zb3i46R2x+kn2/bkenanr3NqRTHlpKpY73Kt6Z/6MOo=', problem: /not a number/ },
    { system: 'django', hash: 'pbkdf2_sha256$1000$salt$', problem: /0 bytes/ },
    { system: 'django', hash: 'pbkdf2_sha256$1000$salt$Zb3i4w==', problem: /4 bytes; sha256 makes 32/ },
    { system: 'phc', hash: `$scrypt$ln=31,r=8,p=1$${salt}$${'A'.repeat(43)}`, problem: /scrypt with N 2\^31: the limit is 2\^17$/ },
    { system: 'phc', hash: `$scrypt$ln=14,r=8,p=1000000$${salt}$${'A'.repeat(43)}`, problem: /scrypt with p 1000000: the limit is 16$/ },
    { system: 'phc', hash: `$scrypt$ln=14,r=8,p=1$${salt}$${'A'.repeat(6)}`, problem: /4 bytes: those of scrypt have 16/ },
    { system: 'kratos', hash: `$scrypt$ln=14,r=8,p=1$${salt}$${'A'.repeat(43)}`, problem: /N=14 is no power of two/ },
    { system: 'kratos', hash: `$pbkdf2-sha256$i=1000,l=1073741824$${salt}$${'A'.repeat(22)}`, problem: /says 1073741824/ },
    { system: 'laravel', hash: `$2y$31$${'C'.repeat(53)}`, problem: /bcrypt with cost 31: the limit is 14$/ },
    { system: 'laravel', hash: '$2y$10$', problem: /no complete bcrypt/ },
    {
      system: 'crypt',
      hash: `$5$rounds=999999999$salt$${'A'.repeat(43)}`,
      problem: /SHA-crypt with 999999999 rounds: the limit is 700000$/,
    },
    { system: 'drupal', hash: `$S$U${'A'.repeat(51)}`, problem: /drupal with 2\^32 rounds: the limit is 2\^18$/ },
    {
      system: 'phc',
      hash: `$argon2id$v=19$m=4194304,t=3,p=2$${salt}$${'A'.repeat(43)}`,
      problem: /argon2id with m=4194304 \(KiB\): the limit is 262144$/,
    },
    { system: 'phc', hash: `$scrypt$ln=16,r=1,p=1$${salt}$${'A'.repeat(43)}`, problem: /N 2\^16 and r 1: N has to be less than 2\^16$/ },
    ...[
      `${salt}$${'A'.repeat(17)}`,
      `${salt}$${'A'.repeat(42)}B`,
      `${'A'.repeat(21)}$${'A'.repeat(43)}`,
      `${'A'.repeat(21)}B$${'A'.repeat(43)}`,
    ].map((parts) => ({
      system: 'phc' as const,
      hash: `$argon2id$v=19$m=64,t=1,p=1$${parts}`,
      problem: /(?:is not base64|hash has 17 letters.*)$/,
    })),
    { system: 'phc', hash: `$argon2id$v=19$m=64,t=0,p=1$${salt}$${'A'.repeat(43)}`, problem: /t=0/ },
    { system: 'aspnet', hash: `AQAAAAL/////AAAAEA${'A'.repeat(45)}=`, problem: /4294967295 iterations|not base64/ },
    {
      system: 'template',
      hash: 'aa'.repeat(20),
      parameters: { digest: 'sha1', template: 'no place for it' },
      problem: /one place for the password/,
    },
    { system: 'clerk', hash: 'aa', parameters: {}, problem: /password_hasher is needed/ },
    { system: 'crypt', hash: '$y$j9T$PKXc3hCOSyMqdaEQArI62/$u8L9jvdn', problem: /yescrypt is not supported/ },
    { system: 'crypt', hash: '!$6$saltstring$svn8UoSVapNt', problem: /locked/ },
    { system: 'ldap', hash: '{CLEARTEXT}secret', problem: /clear text/ },
    { system: 'ldap', hash: '{SHA3}secret', problem: /SHA3/ },
    ...['', '*', 'x', 'NULL', '<redacted>', 'UkVEQUNURUQ='].map((hash) => ({ system: 'crypt' as const, hash, problem: /no password/ })),
    { system: 'crypt', hash: 'A'.repeat(20_000), problem: /longer than/ },
  ])('34: is refused, and says why: $system, case %#', ({ system, hash, parameters = {}, problem }) => {
    expect(readHash(system, { hash, parameters })).toEqual({ problem: expect.stringMatching(problem) })
  })

  test('no error repeats a hash, a salt, a template or a password in clear text', () => {
    const read = readHash('phc', { hash: `$scrypt$ln=31,r=8,p=1$${salt}$${'Q'.repeat(43)}`, parameters: {} })
    expect(JSON.stringify(read)).not.toMatch(/QQQ|c2Fsd/)
    const parameters = { digest: 'md5', template: 'pepper{PASSWORD}{PASSWORD}' }
    for (const other of [
      readHash('template', { hash: 'aa'.repeat(16), parameters }),
      readHash('crypt', { hash: 'Clear-text$1', parameters: {} }),
    ])
      expect(JSON.stringify(other)).not.toMatch(new RegExp(`${btoa('pepper')}|Clear`))
    expect(readHash('django', { hash: 'hashed_so$salt$AAAA', parameters: {} })).toMatchObject({
      problem: expect.stringContaining('hashed_so'),
    })
  })
})
