import { describe, expect, test } from 'vitest'
import { verifyImported } from '../hashes/index.ts'
import { readHash } from './index.ts'

interface Vector {
  readonly system: Parameters<typeof readHash>[0]
  readonly hash: string
  readonly parameters?: Readonly<Record<string, unknown>>
  /** Default: the same for most. */
  readonly password?: string
}

const usual = 'pässwörd 1'

/** Made with libxcrypt, OpenSSL and Python's hashlib at low costs. */
const made: readonly Vector[] = [
  { system: 'crypt', hash: '$1$abcdefgh$qQRyjBFx/Cg5EHGFj0HYd0' },
  { system: 'crypt', hash: '$5$rounds=1000$saltstring$wbBbDyuORKst7qziT2sBHyXGfgcT/l.N/T9q/p2GHy0' },
  {
    system: 'crypt',
    hash: '$6$rounds=1000$saltstringsalt$SNCnjIAZNrmPZw9VhMM1.22YRyAYucoZ.UC7Je3kN/Ugf6F9S1UXCKcFlfTBH4dttQ2m8R2Zb53dMKbjupb/61',
  },
  { system: 'crypt', hash: '$6$$oUuxUQWQ2bYzDfsu78MzELIZHOLC5fW4gVZh1cn0fVJ6iwHeG./yTZ5gySV6k/CaEJO0s6cLWuxjewKnbddLH1' },
  { system: 'crypt', hash: '$apr1$abcdefgh$e9KNZAeKRC8vWA4eypWI21' },
  { system: 'laravel', hash: '$2a$04$abcdefghijklmnopqrstuuttEEnz76zm7MjVN//MHDv0G89wKAxhO' },
  { system: 'laravel', hash: '$2b$04$abcdefghijklmnopqrstuuttEEnz76zm7MjVN//MHDv0G89wKAxhO' },
  { system: 'laravel', hash: '$2x$04$abcdefghijklmnopqrstuuN6cHKS.4/b8iLkZRzWwLL9VPavo8q8K' },
  { system: 'laravel', hash: '$2y$04$abcdefghijklmnopqrstuuttEEnz76zm7MjVN//MHDv0G89wKAxhO' },
  { system: 'laravel', hash: '$2y$04$abcdefghijklmnopqrstuuttEEnz76zm7MjVN//MHDv0G89wKAxhO' },
  {
    system: 'laravel',
    hash: '$2y$04$abcdefghijklmnopqrstuubzadhGtS2zEF.gu0yd0opP6cVzb.e0i',
    password: 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx',
  },
  { system: 'devise', hash: '$2a$04$abcdefghijklmnopqrstuuYJZgiVFD06gsrXWPPuDfU/VadXt3FLm', parameters: { pepper: 'pepper' } },
  { system: 'wordpress', hash: '$wp$2y$04$abcdefghijklmnopqrstuuVaXRQjQSEPCjmX1OU7qBK/Nd9qwEUqa' },
  { system: 'wordpress', hash: 'ce74b892da441b00f4b61523872bc6b4' },
  { system: 'django', hash: 'bcrypt_sha256$$2b$04$abcdefghijklmnopqrstuuCE5VgxwQLkHtIEgDg44AttcclcqAXyS' },
  { system: 'django', hash: 'bcrypt$$2b$04$abcdefghijklmnopqrstuuttEEnz76zm7MjVN//MHDv0G89wKAxhO' },
  { system: 'passlib', hash: '$bcrypt-sha256$2b,4$abcdefghijklmnopqrstuu$j7gtNJWU.9yB/k7H591CZ8BSLJZ0ldq' },
  { system: 'passlib', hash: '$bcrypt-sha256$v=2,t=2b,r=4$abcdefghijklmnopqrstuu$lwpCMSgmFZjdLAKNbR0ihvFHWt/AKvy' },
  {
    system: 'fusionauth',
    hash: 'ttEEnz76zm7MjVN//MHDv0G89wKAxhO',
    parameters: { encryptionScheme: 'bcrypt', factor: 4, salt: 'abcdefghijklmnopqrstuu' },
  },
  { system: 'django', hash: 'pbkdf2_sha256$1000$seasalt$+ovBrj20L3zrL9sS8bPtot1RJUm+hy70Emx/d1SbzCA=' },
  { system: 'django', hash: 'pbkdf2_sha1$1000$seasalt$/a/L+SmroeZiP/JuydqDzy6Fv2I=' },
  { system: 'passlib', hash: '$pbkdf2$12$c2FsdCBvZiBzaXh0ZWVuIQ$WNDnTKjPIjqoiKYH9Mkaz3tS0AM' },
  {
    system: 'passlib',
    hash: '$pbkdf2-sha512$12$c2FsdCBvZiBzaXh0ZWVuIQ$o6nxxEqSR4XQNVC5wqOwTu4b16iFLwCrFsrlW/aoShgyjIaABzpD.LCAUWXxV.S2VPxq3cGcRwnfT1t7ixpwpw',
  },
  { system: 'ldap', hash: '{PBKDF2-SHA256}12$c2FsdCBvZiBzaXh0ZWVuIQ$m39tehjRLCZfy0czkDr.q3Z8hs4D8pKn3LVepy.U3os' },
  { system: 'kratos', hash: '$pbkdf2-sha512$i=1000,l=32$c2FsdCBvZiBzaXh0ZWVuIQ$7utc9+IvTnaZiWWA1fGpbvQf5WfziV7ReUB+NTXjtpU' },
  { system: 'kratos', hash: '$pbkdf2-sha384$i=10,l=32$c2FsdCBvZiBzaXh0ZWVuIQ$3MnCnDKktFMJuFSh331dwITJ10Rrro6EmZw8TYlMD60' },
  {
    system: 'auth0',
    hash: '$pbkdf2-sha512$c2FsdCBvZiBzaXh0ZWVuIQ$mX6FOO8prINkgpNNZcjjJdcC8WhpWy9ux+3JiFjWNmdPLnGKCDc4ZRz8cj5gY36Mtg45XNAWPCfaWkOgZEnN/A',
    parameters: { algorithm: 'pbkdf2' },
  },
  { system: 'werkzeug', hash: 'pbkdf2:sha256:1000$seasalt$fa8bc1ae3db42f7ceb2fdb12f1b3eda2dd512549be872ef4126c7f77549bcc20' },
  {
    system: 'clerk',
    hash: 'pbkdf2_sha256$1000$c2FsdCBvZiBzaXh0ZWVuIQ==$WY8dehSkszr7xCcfV85chtLjK6v+Uw3GY2GwwQ7m8+E=',
    parameters: { password_hasher: 'pbkdf2_sha256' },
  },
  {
    system: 'clerk',
    hash: 'pbkdf2_sha256$1000$seasalt$+ovBrj20L3zrL9sS8bPtot1RJUm+hy70Emx/d1SbzCA=',
    parameters: { password_hasher: 'pbkdf2_sha256_django' },
  },
  {
    system: 'fusionauth',
    hash: 'WY8dehSkszr7xCcfV85chtLjK6v+Uw3GY2GwwQ7m8+HVuJFLl/ozHfKX4wT5erBqAen/uxltxylkonH6JTUZkQ==',
    parameters: { encryptionScheme: 'salted-pbkdf2-hmac-sha256-512', factor: 1000, salt: 'c2FsdCBvZiBzaXh0ZWVuIQ==' },
  },
  {
    system: 'okta',
    hash: 'WY8dehSkszr7xCcfV85chtLjK6v+Uw3GY2GwwQ7m8+E=',
    parameters: {
      algorithm: 'PBKDF2',
      digestAlgorithm: 'SHA256_HMAC',
      iterationCount: 1000,
      keySize: 32,
      salt: 'c2FsdCBvZiBzaXh0ZWVuIQ==',
    },
  },
  {
    system: 'seafile',
    hash: 'PBKDF2SHA256$1000$73616c74206f66207369787465656e21$598f1d7a14a4b33afbc4271f57ce5c86d2e32babfe530dc66361b0c10ee6f3e1',
  },
  {
    system: 'mediawiki',
    hash: ':pbkdf2:sha512:1000:64:c2FsdCBvZiBzaXh0ZWVuIQ==:7utc9+IvTnaZiWWA1fGpbvQf5WfziV7ReUB+NTXjtpVMUEpQi//+zYJ/WxgnuDeY2ly4RezNcSQe2w75sfsf+Q==',
  },
  { system: 'mediawiki', hash: ':B:838c83e1:80d39c2679a10f80eaf69056ec0e1074' },
  { system: 'aspnet', hash: 'AHNhbHQgb2Ygc2l4dGVlbiHa3Fs3TWQ5CkVgZyQZdLhq6BK1mV4xQQ9a+OwrbrvS4A==' },
  { system: 'aspnet', hash: 'AQAAAAAAAAD6AAAAEHNhbHQgb2Ygc2l4dGVlbiF72WkcQfN/jXUPyXdsan78pQiqyEZdZ0+BWAxWlI/vug==' },
  { system: 'aspnet', hash: 'AQAAAAEAAAD6AAAAEHNhbHQgb2Ygc2l4dGVlbiHvW3sLSwu1EMis+7JM1wUwyOo7EDY2e3uBpeq4wRsvXw==' },
  { system: 'aspnet', hash: 'AQAAAAIAAAD6AAAAEHNhbHQgb2Ygc2l4dGVlbiEqckhFlK6fublYL6gVzSUvW1lGO6Uib8rC0RoBH0xS7A==' },
  { system: 'phc', hash: '$scrypt$ln=4,r=8,p=2$c2FsdCBvZiBzaXh0ZWVuIQ$LORVCpMiMiHgq8ISRYVITSbmJCUVXw74AxNTHQEaj28' },
  { system: 'kratos', hash: '$scrypt$ln=16,r=8,p=1$c2FsdCBvZiBzaXh0ZWVuIQ==$Vt02+Ce7hoFyywIBPLHksFRa5KV/t1eszFxfeVd/jLw=' },
  {
    system: 'django',
    hash: 'scrypt$16$seasalt$8$1$kF1TF2hPcKl6I8CjMSW8+8jXH2ZRrS6dWMc2Nd4w7wFf/oYRbbJTh6InsK+eIc61sSS3PTMp6f7Q9HCCKMHlTQ==',
  },
  {
    system: 'werkzeug',
    hash: 'scrypt:16:8:1$seasalt$905d5317684f70a97a23c0a33125bcfbc8d71f6651ad2e9d58c73635de30ef015ffe86116db25387a227b0af9e21ceb5b124b73d3329e9fed0f4708228c1e54d',
  },
  { system: 'werkzeug', hash: 'sha256$seasalt$4d8776616477c204b88b5a8cefc5c38526399e4ecd324d8876a173be45871089' },
  {
    system: 'better-auth',
    hash: '73616c74206f66207369787465656e21:48ed61e7f70019c595b105f990ed183926382be580c7080ac6fa7824951e0c6ce0c52371080c68b7131a76917f551ad8e2b4bc53e86818448aaad3c4ac6f4f0f',
    password: 'ﬁreﬂy①２',
  },
  {
    system: 'auth0',
    hash: 'bb658d65fff08de5e8ca2ca0a6b9152e502c4be7a2f93bd7fcebefee742d15f1',
    parameters: { algorithm: 'scrypt', hash: { encoding: 'hex' }, salt: { value: 'abc' }, keylen: 32, cost: 16 },
  },
  { system: 'ldap', hash: '{SSHA}qMJGRvLQTATfh94g96i+OD3xk4VzYWx0' },
  { system: 'ldap', hash: '{SSHA256}J7FrKqGyZ1tfJlBahJ0j2XQ6YTK/wqxbsLBvNGebPj9zYWx0' },
  { system: 'ldap', hash: '{SSHA512}ORJ32tw/f2bmNffRQxvY2Njp4FZKMZNOJNj592TAIGR57N1gcRRGyPoXYqsYnDHmATs+Kuxlz774u7wwZBcCdXNhbHQ=' },
  { system: 'ldap', hash: '{SMD5}QD6up0vUtEPpSeKyn1ux2nNhbHQ=' },
  { system: 'ldap', hash: '{SHA}/Hrn08gEogcgvDjo5YNQSGibZVE=' },
  { system: 'ldap', hash: '{MD5}znS4ktpEGwD0thUjhyvGtA==' },
  { system: 'ldap', hash: '{SHA512}MGrCWX/OaIyw5xBZ0RrM2vwe1YHoo2MD/NKt2+vkfLiudEOMnHxXTsVXCSooO5eehIdUJFylnTmr3TTyK23wMw==' },
  { system: 'ldap', hash: 'userPassword:: e1NTSEF9cU1KR1J2TFFUQVRmaDk0Zzk2aStPRDN4azRWellXeDA=' },
  {
    system: 'ldap',
    hash: '{CRYPT}$6$rounds=1000$saltstringsalt$SNCnjIAZNrmPZw9VhMM1.22YRyAYucoZ.UC7Je3kN/Ugf6F9S1UXCKcFlfTBH4dttQ2m8R2Zb53dMKbjupb/61',
  },
  { system: 'django', hash: 'md5$seasalt$d1dc31ee9e4226b36fab13830a47e231' },
  { system: 'django', hash: 'sha1$$fc7ae7d3c804a20720bc38e8e5835048689b6551' },
  { system: 'kratos', hash: '$sha256$pf=e1NBTFR9JHtQQVNTV09SRH0=$c2FsdCBvZiBzaXh0ZWVuIQ==$iwsVO4T8NJ9DhzqxVYRXwRKTXzsGMiZlIOjol2xPuhg=' },
  { system: 'kratos', hash: '$hmac-sha256$OGI5ODQ2ZDAyZjU1Y2E1MjRhMDM1OWJkYWU0ODgxYWU3M2U2N2MxOWNjMWNiNDdhYzU5MjAzNDM4MjkxNzg2MA==$a2V5' },
  { system: 'zitadel', hash: '$md5salted-prefix$c2FsdA==$ya7abJjW9GFXFHRK7yLPKQ==' },
  {
    system: 'clerk',
    hash: '625d669d427c7eae59fdb50335dbc5404a1ae22ee2878d432b9573cb77c4d08b$mysalt',
    parameters: { password_hasher: 'sha256_salted' },
  },
  {
    system: 'auth0',
    hash: '23caa4c7235d7b3b70e94f6d618cbfa05bc15ed124bdcf25313377fbcb364680',
    parameters: { algorithm: 'sha256', hash: { encoding: 'hex' }, salt: { value: 'suf', position: 'suffix' } },
  },
  {
    system: 'auth0',
    hash: '4E4C3195EF7A171E1145C367C046C793',
    parameters: { algorithm: 'md5', hash: { encoding: 'hex' }, password: { encoding: 'utf16le' } },
  },
  {
    system: 'auth0',
    hash: 'HX4Zkfwkk1HHyKgNOEOt4X+GbJ0=',
    parameters: { algorithm: 'hmac', hash: { encoding: 'base64', digest: 'sha1', key: { value: '736868', encoding: 'hex' } } },
  },
  {
    system: 'okta',
    hash: '0lzvhIrHHhy+1hQaf5VyOlatDcfE41WjYVJKQSFFsNGacfrj/eTg5E+wuu+kfno74f0PywmzXEQax3rFN1KCUg==',
    parameters: { algorithm: 'SHA-512', saltOrder: 'PREFIX', salt: 'c2FsdCBvZiBzaXh0ZWVuIQ==' },
  },
  {
    system: 'template',
    hash: '27f6f90583050d9d5a2d72143228478c9d8148b7',
    parameters: { digest: 'sha1', template: '{SALT}--{PASSWORD}--', salt: 'salt' },
  },
  {
    system: 'template',
    hash: 'Zl04wJUO2merHCu01e/PBYKLRMufbhErFneAq4/bg2VwohUiq1R/vLZIZOBcteffE6wX8+3/eBRfrWE60L1EEQ==',
    parameters: { digest: 'sha512', key: 'key', hashEncoding: 'base64' },
  },
  { system: 'phpbb', hash: '$H$5abcdefghwRODnTu4W1kqeZmZuSkgo/' },
  { system: 'drupal', hash: '$S$5abcdefgho4qfDEfJEKte6QQan0oCHuruZu2TotHsWs9aP1LxJJK' },
  { system: 'drupal', hash: 'U$S$5abcdefgh7eXh7OBzIfgX.UiKlC4PtW06WYvi4kbDX.8uerqLmWa' },
]

/** From specifications and the documentation of projects. */
const published: readonly Vector[] = [
  // https://www.akkadia.org/drepper/SHA-crypt.txt
  { system: 'crypt', hash: '$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5', password: 'Hello world!' },
  {
    system: 'crypt',
    hash: '$6$rounds=10000$saltstringsaltstring$OW1/O6BYHV6BcXZu8QVeXbDWra3Oeqh0sbHbbMCVNSnCM/UrjmM0Dp8vOuZeHBy/YTBmSK6H9qs/y3RnOaw5v.',
    password: 'Hello world!',
  },
  // RFC 7914, section 12
  {
    system: 'phc',
    hash: '$scrypt$ln=14,r=8,p=1$U29kaXVtQ2hsb3JpZGU$cCO9yzr9c0hGHAbNgf046/2o+7qQT44+qbVD9lRdofLVQylVYT8Pz2LUlwUkKpr55h6F3A1lHkDfzwF7RVdYhw',
    password: 'pleaseletmein',
  },
  // https://github.com/firebase/scrypt
  {
    system: 'firebase',
    hash: 'lSrfV15cpx95/sZS2W9c9Kp6i/LVgQNDNC/qzrCnh1SAyZvqmZqAjTdn3aoItz+VHjoZilo78198JAdRuid5lQ==',
    parameters: {
      salt: '42xEC+ixf3L2lw==',
      base64_signer_key: 'jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==',
      base64_salt_separator: 'Bw==',
      rounds: 8,
      mem_cost: 14,
    },
    password: 'user1password',
  },
  // https://www.openwall.com/phpass/
  { system: 'wordpress', hash: '$P$9IQRaTwmfeRo7ud9Fh4E2PdI0S3r.L0', password: 'test12345' },
]

async function isMadeBy({ system, hash, parameters = {} }: Vector, password: string): Promise<boolean> {
  const read = readHash(system, { hash, parameters })
  return 'hash' in read && verifyImported(read.hash, password)
}

describe('hashes as other systems write them', () => {
  test.each([...made, ...published])('46: $system, vector %#', async (vector) => {
    const { password = usual } = vector
    expect(readHash(vector.system, { hash: vector.hash, parameters: vector.parameters ?? {} })).toEqual({
      hash: expect.stringMatching(/^\$/),
    })
    expect(await isMadeBy(vector, password)).toBe(true)
    for (const other of [`y${password}`, password.toUpperCase(), '']) expect(await isMadeBy(vector, other)).toBe(false)
  })

  test.each([...made, ...published])('46: cut short, it matches nothing: $system, vector %#', async (vector) => {
    const { hash, password = usual } = vector
    for (const letters of [4, Math.floor(hash.length / 3)])
      expect(await isMadeBy({ ...vector, hash: hash.slice(0, -letters) }, password)).toBe(false)
  })

  test('a salt that is text in one system and base64 in another is told apart by the system', async () => {
    const hash = made.find(({ parameters }) => parameters?.['password_hasher'] === 'pbkdf2_sha256')?.hash ?? ''
    expect(await isMadeBy({ system: 'clerk', hash, parameters: { password_hasher: 'pbkdf2_sha256' } }, usual)).toBe(true)
    expect(await isMadeBy({ system: 'clerk', hash, parameters: { password_hasher: 'pbkdf2_sha256_django' } }, usual)).toBe(false)
    expect(await isMadeBy({ system: 'django', hash }, usual)).toBe(false)
  })
})
