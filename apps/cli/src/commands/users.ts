import { shellWord, signatures, type OutputOf, type User } from '@denizen/core/contract'
import type { Command } from 'commander'
import { addAction, unchanged, type LeafOptions } from '../action-command.ts'
import { noSuchUser } from '../reference-errors.ts'
import { denizen, formatOf } from '../common-options.ts'
import { printAnswer, record } from '../output.ts'
import { addBulk } from './users-bulk.ts'
import { addDirectory } from './users-directory.ts'
import { addExportData } from './users-export-data.ts'
import { addImportRecords } from './users-import-records.ts'
import { addImport } from './users-import.ts'
import { assignmentsText } from './users-assignments.ts'
import { addLifecycle } from './users-lifecycle.ts'
import { addPurge } from './users-purge.ts'
import { currentText, ownText, userText } from './users-text.ts'
import { addVerifyReceipt } from './users-verify-receipt.ts'

const { users: actions } = signatures

export function addUsers(program: Command): void {
  const users = program.command('users').description('Create, find and change users')
  addCreate(users)
  addAction(users, {
    signature: actions.get,
    arguments: ['userId'],
    show: userText,
    async answer(connection, input, options) {
      const user = await connection.calls.users.get(input as { userId: string })
      const more = formatOf(options) === 'text' ? await assignmentsText(connection, user.id) : ''
      printAnswer(formatOf(options), user, (shown) => [userText(shown), more].filter((text) => text !== '').join('\n\n'))
    },
    examples: ['users get alice', 'users get usr_01j… --json'],
  })
  addFind(users)
  addDirectory(users)
  addUpdate(users)
  addOwn(users)
  addLifecycle(users)
  addBulk(users)
  addImport(users)
  addImportRecords(users)
  addExportData(users)
  addPurge(users)
  addVerifyReceipt(users)
}

function addCreate(users: Command): void {
  addAction(users, {
    signature: actions.create,
    show: (user, options) =>
      user === null ? 'The email address or the username is taken. Nothing was created.' : `${userText(user)}${signsInHow(user, options)}`,
    examples: [
      'users create --email ada@example.org --full-name "Ada Lovelace"',
      'users create --username ada --password-prompt',
      'users create --email ada@acme.example --org acme',
    ],
  })
}

/** What is still missing before a new person can sign in with a password. */
function signsInHow({ kind, username, email }: User, { passwordStdin, passwordPrompt }: LeafOptions): string {
  if (kind !== 'human' || passwordStdin === true || passwordPrompt === true) return ''
  const mailed = `Mail them a link to choose one: ${denizen} users send-setup-link ${shellWord(username)}`
  const without = `Set one: ${denizen} users update ${shellWord(username)} --password-prompt`
  return `\n\nThere is no password yet. ${email === null ? without : mailed}`
}

function addFind(users: Command): void {
  addAction(users, {
    signature: actions.find,
    arguments: ['identifier'],
    show: (user) => (user === null ? '' : userText(user)),
    async answer({ calls }, { identifier, organizationId }, options) {
      const within = typeof organizationId === 'string' ? { organizationId } : {}
      const user = await calls.users.find({ identifier: String(identifier), ...within })
      if (user === null) throw noSuchUser(String(identifier), typeof options['org'] === 'string' ? options['org'] : null)
      printAnswer(formatOf(options), user, userText)
    },
    examples: ['users find ada@example.org', 'users find ada --org acme'],
  })
}

function addUpdate(users: Command): void {
  addAction(users, {
    signature: actions.update,
    arguments: ['userId'],
    problem: (input) => unchanged(input, 'userId'),
    show: userText,
    examples: [
      'users update ada --display-name Ada --timezone Europe/London',
      'users update ada --clear full-name description',
      'users update ada --username lovelace --version 3',
      'users update ada --allowed-ips 192.0.2.0/24 --allowed-ips 2001:db8::/32',
      'users update ada --no-sudo-session-enabled --container \'{"uid":1001,"mainGid":1001,"gids":[27]}\'',
    ],
  })
}

/** What users may change about themselves. */
function addOwn(users: Command): void {
  addAction(users, { signature: actions.current, show: currentText, examples: ['users current'] })
  addAction(users, {
    signature: actions.updateCurrent,
    problem: (input) => unchanged(input, 'force'),
    show: ownText,
    examples: [
      'users update-current --display-name Ada',
      'users update-current --email ada@example.org',
      'users update-current --allowed-ips 192.0.2.7',
    ],
  })
  addAction(users, {
    signature: actions.updatePreferences,
    arguments: ['preferences'],
    show: preferencesText,
    examples: [`users update-preferences '{"theme":"dark","sidebar":null}'`],
  })
}

function preferencesText({ preferences, version }: OutputOf<typeof actions.updatePreferences>): string {
  return record([...Object.entries(preferences), ['version', version]])
}
