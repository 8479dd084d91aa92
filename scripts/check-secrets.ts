/**
 * Searches for secrets in everything that Denizen logged and printed while the whole suite ran: log lines at every level,
 * error messages with their causes, output of processes. The suite saves it in the folder that DENIZEN_TEST_OVERHEARD names:
 *
 *     node --conditions=@denizen/source scripts/check-secrets.ts <folder>
 *
 * First it plants one secret of every kind, and fails unless it finds each.
 */
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { nodeDigest } from '@denizen/runtime'
import { newId, webCryptoRandom } from '@denizen/core'
import { password } from '@denizen/core/testing'

interface Kind {
  readonly name: string
  readonly pattern: RegExp
  /** One to plant. */
  readonly canary: string
}

const letters = 'A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7r8S9t0U1v'
const fresh = newId('tok', new Date(), webCryptoRandom.bytes(10)).slice('tok_'.length)

const kinds: readonly Kind[] = [
  { name: 'token', pattern: /dnz_[a-z]+_[0-9a-z]{26}_[0-9A-Za-z]{49}/, canary: `dnz_access_${fresh}_${letters}AbCdEf` },
  {
    name: 'signed token',
    pattern: /eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{20,}/,
    canary: 'eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJjYW5hcnkifQ.c2lnbmF0dXJlLW9mLWEtY2FuYXJ5',
  },
  {
    name: 'password hash',
    pattern: /\$(argon2(id|i|d)|(pbkdf2|scrypt|digest|hmac)[a-z0-9-]*|bcrypt|phpass|drupal|2[abxy]|apr1|5|6)\$[^\s"']{20,}/,
    canary: `$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHQ$${letters}`,
  },
  { name: 'password of the tests', pattern: new RegExp(password), canary: password },
  {
    name: 'key of an authenticator app',
    pattern: /otpauth:\/\/\w+\/[^\s"']+/,
    canary: 'otpauth://totp/Denizen:ada?secret=JBSWY3DPEHPK3PXP',
  },
  { name: 'private key', pattern: /"d":\s*"[\w-]{20,}"/, canary: `"d":"${letters}"` },
  {
    name: 'password in a URL',
    pattern: /\b(postgres(ql)?|smtps?):\/\/[^\s:/@"']+:(?!\*|x+@|…)[^\s@"']+@/,
    canary: 'smtps://user:canary@mail.example.com',
  },
  { name: 'SHA-256 of a token', pattern: /"hash":\s*"[0-9a-f]{64}"/, canary: `"hash":"${nodeDigest().sha256('canary')}"` },
]

interface Finding {
  readonly file: string
  readonly kind: string
  readonly line: string
}

const folder = process.argv[2]
if (folder === undefined) throw new Error('Name the folder that DENIZEN_TEST_OVERHEARD named while the suite ran.')

const plant = join(folder, 'planted.log')
await writeFile(
  plant,
  `${kinds.map(({ name, canary }) => `log: {"message":"${name}","field":${JSON.stringify(`a ${canary} b`)}}`).join('\n')}\n`,
)

const files = (await readdir(folder)).toSorted()
const findings: Finding[] = []
let lines = 0
for (const file of files) {
  for (const line of (await readFile(join(folder, file), 'utf8')).split('\n')) {
    lines++
    for (const { name, pattern } of kinds)
      if (line.replaceAll(String.raw`\"`, '"').search(pattern) >= 0) findings.push({ file, kind: name, line })
  }
}

const planted = new Set(findings.filter(({ file }) => file === 'planted.log').map(({ kind }) => kind))
const missed = kinds.filter(({ name }) => !planted.has(name))
if (missed.length > 0) throw new Error(`The search is blind: it did not find the planted ${missed.map(({ name }) => name).join(', ')}.`)
if (files.length < 2 || lines < 1000)
  throw new Error(`Only ${lines} lines in ${files.length - 1} files were overheard: the suite did not run with DENIZEN_TEST_OVERHEARD.`)

const real = findings.filter(({ file }) => file !== 'planted.log')
for (const { file, kind, line } of real.slice(0, 20)) console.error(`${kind} in ${file}: ${line.slice(0, 300)}`)
console.log(
  `${lines} lines of ${files.length - 1} processes were searched for ${kinds.length} kinds of secrets, each of which was found where it was planted; ${real.length} others were found.`,
)
process.exitCode = real.length > 0 ? 1 : 0
