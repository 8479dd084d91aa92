import { DenizenError } from '@denizen/core/calls'
import { signatures } from '@denizen/core/contract'
import type { Command } from 'commander'
import { runsActions } from '../action-command.ts'
import { connected, remote } from '../connection.ts'
import { usageError } from '../failure.ts'
import { forgetLogin, readLogin, type Login } from '../login-store.ts'
import { addConnectionOptions, addOutputOptions, denizen, formatOf, type ConnectionOptions, type OutputOptions } from '../options.ts'
import { note, printAnswer, record } from '../output.ts'
import { addLogin } from './login.ts'
import { addReauthenticate } from './reauthenticate.ts'

/** Signing in, signing out, and showing who is signed in. */
export function addSession(program: Command): void {
  addLogin(program)
  addLogout(program)
  addWhoAmI(program)
  addReauthenticate(program)
}

function addLogout(program: Command): void {
  const command = program.command('logout').description('End the session, and remove it from this machine')
  runsActions(command, 'auth.signOut', 'auth.revokeToken')
  addOutputOptions(command)
  command.action(() => logout(command.opts<OutputOptions>()))
}

async function logout(options: OutputOptions): Promise<void> {
  if (process.env['DENIZEN_TOKEN'] !== undefined)
    throw usageError(
      'DENIZEN_TOKEN is set: this would end the login that is saved on this machine, and not the token.',
      `Unset it first: unset DENIZEN_TOKEN. A token is revoked with ${denizen} tokens revoke.`,
    )
  const login = await knownLogin()
  if (login === null) return printAnswer(formatOf(options), { signedOut: false }, () => 'You were not signed in.')
  const { url, token, refreshToken } = login
  try {
    // The refresh token is valid as long as the session; the access token may have expired.
    if (refreshToken === undefined) await (await remote(url, token, false)).calls.auth.signOut()
    else await (await remote(url, null, false)).calls.auth.revokeToken({ token: refreshToken })
  } catch (error) {
    if (!(error instanceof DenizenError)) throw error
    // Remove it from this machine all the same.
    if (error.kind !== 'unauthenticated')
      note(`warning: the session at ${login.url} could not be ended and remains until it expires: ${error.message}`)
  } finally {
    await forgetLogin()
  }
  printAnswer(formatOf(options), { signedOut: true, url: login.url }, () => `Signed out of ${login.url}.`)
}

/** A file that cannot be read is removed as well. */
async function knownLogin(): Promise<Login | null> {
  try {
    return await readLogin()
  } catch (error) {
    if (!(error instanceof DenizenError)) throw error
    note(`warning: ${error.message} It is removed; a session in it remains until it expires.`)
    await forgetLogin()
    return null
  }
}

function addWhoAmI(program: Command): void {
  const command = runsActions(program.command('whoami').description(signatures.sessions.whoami.summary), 'sessions.whoami')
  addOutputOptions(addConnectionOptions(command))
  command.action(async () => {
    const options = command.opts<ConnectionOptions & OutputOptions>()
    await connected(options, async ({ calls, url }) => {
      const answer = await calls.sessions.whoami()
      const { user, session, organization, roles } = answer
      printAnswer(formatOf(options), answer, () =>
        record([
          ['server', url],
          ['username', user.username],
          ['email', user.email],
          ['name', user.displayName],
          ['status', user.status],
          ['roles', roles],
          ['organization', organization?.slug],
          ['assurance', session?.assurance],
          ['session until', session?.expiresAt],
          ['impersonated by', session?.impersonator?.username],
        ]),
      )
    })
  })
}
