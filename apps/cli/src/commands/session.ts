import { signatures } from '@denizen/core/contract'
import type { Command } from 'commander'
import { runsActions } from '../action-command.ts'
import { connected } from '../connection.ts'
import { usageError } from '../failure.ts'
import { contextOf } from '../contexts.ts'
import { contextNames } from '../login-store.ts'
import { addConnectionOptions, addOutputOptions, denizen, formatOf, type ConnectionOptions, type OutputOptions } from '../common-options.ts'
import { labelled, printAnswer, record } from '../output.ts'
import { addContext } from './context.ts'
import { addLogin } from './login.ts'
import { addReauthenticate } from './reauthenticate.ts'
import { endLogin } from './session-end.ts'
import { permissionLines } from '../permission-areas.ts'
import { inWords } from '../value-words.ts'

/** Signing in, signing out, and showing who is signed in. */
export function addSession(program: Command): void {
  addLogin(program)
  addLogout(program)
  addWhoAmI(program)
  addReauthenticate(program)
  addContext(program)
}

function addLogout(program: Command): void {
  const command = program.command('logout').description('End the session, and remove it from this machine')
  runsActions(command, 'auth.signOut', 'auth.revokeToken')
  command.option('--context <name>', 'of this saved login (default: DENIZEN_CONTEXT, or the one in use)')
  addOutputOptions(command)
  command.action(() => logout(command.opts<LogoutOptions>()))
}

type LogoutOptions = OutputOptions & { readonly context?: string }

async function logout(options: LogoutOptions): Promise<void> {
  if (process.env['DENIZEN_TOKEN'] !== undefined)
    throw usageError(
      'DENIZEN_TOKEN is set: this would end the login that is saved on this machine, and not the token.',
      `Unset it first: unset DENIZEN_TOKEN. A token is revoked with ${denizen} tokens revoke.`,
    )
  const context = await contextOf(options.context)
  const login = await endLogin(context.name)
  if (login === null) return printAnswer(formatOf(options), { signedOut: false }, () => 'You were not signed in.')
  printAnswer(formatOf(options), { signedOut: true, url: login.url }, () => `Signed out of ${login.url}.`)
  const others = await contextNames()
  if (context.namedBy === null && others.length > 0)
    labelled('next', `Other logins are kept: ${others.join(', ')}. To use one: ${denizen} context use ${others[0] ?? ''}`)
}

function addWhoAmI(program: Command): void {
  const command = runsActions(program.command('whoami').description(signatures.sessions.whoami.summary), 'sessions.whoami')
  addOutputOptions(addConnectionOptions(command))
  command.action(async () => {
    const options = command.opts<ConnectionOptions & OutputOptions>()
    await connected(options, async ({ calls, url, context }) => {
      const answer = await calls.sessions.whoami()
      printAnswer(formatOf(options), answer, ({ user, session, organization, roles, token }) =>
        record([
          ['server', url],
          ['context', context],
          ['username', user.username],
          ['email', user.email],
          ['name', user.displayName],
          ['status', user.status],
          ['roles', roles.length === 0 && token !== null ? null : roles],
          ['scopes', token && (token.scopes === null ? 'everything that its user may do' : permissionLines(token.scopes))],
          ['token until', token && (token.expiresAt ?? 'it is revoked')],
          ['organization', organization?.slug],
          ['assurance', session && inWords(session.assurance)],
          ['session until', session?.expiresAt],
          ['impersonated by', session?.impersonator?.username],
        ]),
      )
    })
  })
}
