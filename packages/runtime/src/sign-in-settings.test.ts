import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DenizenError } from '@denizen/core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readConfig } from './config.ts'

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'denizen-settings-'))
})
afterAll(() => rm(folder, { recursive: true }))

async function file(content: string): Promise<string> {
  const path = join(folder, `${crypto.randomUUID()}.json`)
  await writeFile(path, content)
  return path
}

/** What is wrong with one setting. */
function complaint(name: string, value: string): string {
  try {
    readConfig({ [name]: value })
  } catch (error) {
    if (error instanceof DenizenError && error.code === 'config.invalid') return error.message
    throw error
  }
  return ''
}

const google = {
  id: 'google',
  issuer: 'https://accounts.google.com',
  domains: ['gmail.com'],
  audiences: ['app'],
  client: { id: 'app', secret: 'canary secret' },
}

describe('the settings of sign-in', () => {
  test('are read', async () => {
    const { signIn } = readConfig({
      DENIZEN_SIGN_UP: 'closed',
      DENIZEN_REQUIRE_VERIFIED_EMAIL: 'yes',
      DENIZEN_REQUIRE_FACTOR: 'administrators',
      DENIZEN_MAX_SESSIONS: '3',
      DENIZEN_SESSION_EXCESS: 'refuse',
      DENIZEN_ALLOWED_ORIGINS: 'https://app.example.com, http://localhost:3000/',
      DENIZEN_AGENT_AUDIENCES: 'https://api.example.com, billing',
      DENIZEN_PASSWORD_LENGTH: '20',
      DENIZEN_PASSWORD_LENGTH_WITH_FACTOR: '10',
      DENIZEN_PASSWORD_HISTORY: '5',
      DENIZEN_PASSWORD_MAX_AGE: '90',
      DENIZEN_IDENTITY_PROVIDERS: await file(JSON.stringify([google, { ...google, id: 'clerk', kind: 'clerk', client: null }])),
    })
    expect(signIn).toEqual({
      signUp: 'closed',
      requireVerifiedEmail: true,
      requireFactor: 'administrators',
      maxSessions: 3,
      sessionExcess: 'refuse',
      maxImpersonations: 10,
      allowedOrigins: ['https://app.example.com', 'http://localhost:3000'],
      agentAudiences: ['https://api.example.com', 'billing'],
      passwords: { minimumAlone: 20, minimumWithFactor: 10, history: 5, maximumAgeDays: 90 },
      identityProviders: [
        {
          ...google,
          kind: 'oidc',
          client: { ...google.client, scopes: ['openid', 'email', 'profile'], responseMode: 'query' },
          webhookSecret: null,
          roles: null,
        },
        { ...google, id: 'clerk', kind: 'clerk', client: null, webhookSecret: null, roles: null },
      ],
    })
    expect(readConfig({ DENIZEN_MAX_SESSIONS: 'none', DENIZEN_PASSWORD_MAX_AGE: 'none' }).signIn).toMatchObject({
      maxSessions: null,
      passwords: { maximumAgeDays: null },
    })
  })

  test.each<[name: string, value: string, told: string]>([
    ['DENIZEN_SIGN_UP', 'perhaps', 'open, invited, closed'],
    ['DENIZEN_AGENT_AUDIENCES', 'https://api.example.com,', 'is not an audience'],
    ['DENIZEN_AGENT_AUDIENCES', 'https://', 'is not an audience'],
    ['DENIZEN_MAX_SESSIONS', '0', 'from 1 to 10000, or none'],
    ['DENIZEN_PASSWORD_LENGTH', '6', 'from 8 to 128'],
    ['DENIZEN_PASSWORD_MAX_AGE', 'never', 'or none'],
    ...['*', 'app.example.com', 'http://app.example.com', 'https://app.example.com/path', 'https://user@app.example.com', 'null'].map(
      (origin): [string, string, string] => ['DENIZEN_ALLOWED_ORIGINS', origin, 'is not an origin'],
    ),
    ['DENIZEN_IDENTITY_PROVIDERS', '/nowhere/providers.json', 'JSON file'],
  ])('%s=%s is refused with what it has to be', (name, value, told) => {
    expect(complaint(name, value)).toContain(told)
  })

  test('S25: every provider says for which domains it speaks', async () => {
    const { domains: _, ...unsaid } = google
    for (const wrong of [unsaid, { ...google, domains: [] }, { ...google, domains: ['@example.com'] }])
      expect(complaint('DENIZEN_IDENTITY_PROVIDERS', await file(JSON.stringify([wrong])))).toContain(
        'must be the domains of email for which its word counts',
      )
  })

  test('the issuer of a provider is an address that may be asked', async () => {
    for (const issuer of ['http://sso.example.org', 'https://u:pw@a.example', 'ftp://a.example', 'a.example'])
      expect(complaint('DENIZEN_IDENTITY_PROVIDERS', await file(JSON.stringify([{ ...google, issuer }])))).toContain(
        'must be the https URL',
      )
    for (const issuer of ['https://a.example/realms/x', 'http://localhost:8080'])
      expect(complaint('DENIZEN_IDENTITY_PROVIDERS', await file(JSON.stringify([{ ...google, issuer }])))).toBe('')
  })

  test('a wrong file of providers is told of by place, without what stands there', async () => {
    const wrong = await file(JSON.stringify([google, { ...google, id: 'Not Good' }]))
    expect(complaint('DENIZEN_IDENTITY_PROVIDERS', wrong)).toContain(`; in ${wrong}, provider 2: id: must be lower-case letters`)
    const twice = complaint('DENIZEN_IDENTITY_PROVIDERS', await file(JSON.stringify([google, google])))
    expect(twice).toContain('google twice')
    const misspelt = await file(JSON.stringify([google, { ...google, id: 'local', audiences: undefined, audience: ['app'] }]))
    expect(complaint('DENIZEN_IDENTITY_PROVIDERS', misspelt)).toContain(
      `; in ${misspelt}, local: audience: there is no such field; did you mean audiences?`,
    )
    const deep = await file(JSON.stringify([{ ...google, client: { id: 'app', secret: 5 } }]))
    expect(complaint('DENIZEN_IDENTITY_PROVIDERS', deep)).toContain('google: client.secret: must be text')
    const unnamed = await file('[5]')
    expect(complaint('DENIZEN_IDENTITY_PROVIDERS', unnamed)).toContain('provider 1: must be an object')
    for (const text of [await file('[{"id": "canary secret"'), await file('"canary secret"'), wrong])
      expect(complaint('DENIZEN_IDENTITY_PROVIDERS', text)).not.toContain('canary')
  })

  test('a file of providers that is not there, may not be read or is not JSON is each called what it is, with its path', async () => {
    const told = (path: string): string => complaint('DENIZEN_IDENTITY_PROVIDERS', path)
    const missing = join(folder, 'missing.json')
    expect(told(missing)).toContain(`there is no file ${missing}`)
    expect(told(folder)).toContain(`${folder} is a directory`)
    const cut = await file('[')
    expect(told(cut)).toContain(`${cut} is not JSON: it ends in the middle`)
    const broken = await file('[\n  { "id": "local", }\n]')
    expect(told(broken)).toContain(`${broken} is not JSON: it breaks at line 2, column 20`)
    const object = await file('{"id":"local"}')
    expect(told(object)).toContain(`what ${object} holds is no list`)
  })

  // Root may read everything.
  test.skipIf(process.getuid?.() === 0)('a file of providers that may not be read is called that', async () => {
    const secret = await file('[]')
    await chmod(secret, 0)
    expect(complaint('DENIZEN_IDENTITY_PROVIDERS', secret)).toContain(`${secret} may not be read`)
  })
})
