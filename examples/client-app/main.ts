/**
 * An application that talks to a running Denizen:
 *
 *   IDENTIFIER=alice PASSWORD=… npm start --workspace examples/client-app
 *
 * It signs somebody in, prints everything that is theirs, and signs them out.
 */
import { completed, createClient, DenizenError } from '@denizen/client'

const url = process.env['DENIZEN_URL'] ?? 'http://localhost:4000'
const { IDENTIFIER: identifier, PASSWORD: password } = process.env

if (identifier === undefined || password === undefined) {
  console.error('Set IDENTIFIER (an email address or a username) and PASSWORD.')
  process.exit(2)
}

try {
  const { accessToken } = completed(await createClient({ url }).auth.signIn({ identifier, password }))
  const client = createClient({ url, token: accessToken })
  console.log(await client.users.current())
  await client.auth.signOut()
} catch (error) {
  if (!(error instanceof DenizenError)) throw error
  console.error(`${error.code}: ${error.message}${error.code === 'client.unreachable' ? ' Another address: set DENIZEN_URL.' : ''}`)
  process.exit(1)
}
