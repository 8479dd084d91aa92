/**
 * Everything that a person or a program needs to prove who it is, in thirty lines:
 *
 *   npm start                                          # in another terminal, without a mail server
 *   npm start --workspace examples/sign-in-app
 *
 * Signs up, proves the address, sets up an authenticator app, signs in with its code,
 * and makes an API token that works until it is revoked.
 */
import { completed, createClient, DenizenError, memorySession } from '@denizen/client'
import { URI, type TOTP } from 'otpauth'
import { mailedTo, NoMail } from './outbox.ts'

const url = process.env['DENIZEN_URL'] ?? 'http://localhost:4000'
const [email, password] = [`ada-${Date.now()}@example.com`, 'weaving algebraical patterns']
const client = createClient({ url, session: memorySession() })

try {
  const { binding } = await client.auth.signUp({ email, password })
  const [token = ''] = /dnz_verify_\w+/.exec(await mailedTo(email)) ?? []
  await client.auth.verifyEmail({ token, binding })
  console.log('signed up as', completed(await client.auth.signIn({ identifier: email, password })).user.username)

  const totp = URI.parse((await client.factors.beginTotp()).uri) as TOTP
  const { recoveryCodes } = await client.factors.activateTotp({ code: totp.generate() })
  console.log('an authenticator app is set up, with', recoveryCodes.length, 'recovery codes')
  await client.auth.signOut()

  const asked = await client.auth.signIn({ identifier: email, password })
  if (asked.status !== 'factorRequired') throw new Error('the password alone opened a session')
  // Each code is good once: this is the one that the app shows next.
  const code = totp.generate({ timestamp: Date.now() + 30_000 })
  await client.auth.completeSignIn({ challenge: asked.challenge, totp: code })
  console.log('signed in with the code, at', (await client.sessions.whoami()).session?.assurance)

  const made = await client.tokens.create({ name: 'an example', scopes: ['sessions.whoami'] })
  const program = createClient({ url, token: made.secret })
  console.log('the API token opens', (await program.sessions.whoami()).user.username)
  await client.tokens.revoke({ tokenId: made.token.id })
  const refusal = await program.sessions.whoami().catch((error: unknown) => error)
  if (!(refusal instanceof DenizenError)) throw new Error('a revoked token still opens something')
  console.log('revoked, it is refused:', refusal.code)
} catch (error) {
  if (error instanceof NoMail) console.error(error.message)
  else if (!(error instanceof DenizenError)) throw error
  else console.error(`${error.code}: ${error.message}${error.code === 'client.unreachable' ? ' Another address: set DENIZEN_URL.' : ''}`)
  process.exit(1)
}
