import { DenizenError } from '@denizen/core/calls'
import { signatures, type OutputOf, type User } from '@denizen/core/contract'
import type { Command } from 'commander'
import { addAction, type FieldArgument, type LeafOptions } from '../action-command.ts'
import type { Connection } from '../connection.ts'
import { formatOf } from '../options.ts'
import { json, note, print, printable, printAnswer, record, table, type Column } from '../output.ts'
import { addImport } from './users-import.ts'

/** Somebody whom the operator calls by any of their names. */
const anyUser: FieldArgument = {
  field: 'userId',
  as: {
    name: 'user',
    description: 'an id, an email address or a username',
    async resolve({ calls }, text) {
      if (text.startsWith('usr_')) return text
      const user = await calls.users.find({ identifier: text })
      if (user === null) throw noSuchUser()
      return user.id
    },
  },
}

function noSuchUser(): DenizenError {
  return new DenizenError('request.notFound', 'notFound', 'There is no such user.', { next: 'Look at all of them: denizen users list' })
}

export function addUsers(program: Command): void {
  const users = program.command('users').description('Make, find and change users')
  addCreate(users)
  addAction(users, {
    signature: signatures.users.get,
    arguments: [anyUser],
    show: userText,
    examples: ['users get alice', 'users get usr_01j… --json'],
  })
  addFind(users)
  addList(users)
  addUpdate(users)
  addSetStatus(users)
  addImport(users)
  addAction(users, { signature: signatures.users.current, show: currentText, examples: ['users current'] })
}

function addCreate(users: Command): void {
  addAction(users, {
    signature: signatures.users.create,
    show: (user) => (user === null ? 'The email address or the username is taken. Nothing was made.' : userText(user)),
    examples: ['users create --email ada@example.org --full-name "Ada Lovelace"', 'users create --username ada --password-prompt'],
  })
}

function addFind(users: Command): void {
  addAction(users, {
    signature: signatures.users.find,
    arguments: [{ field: 'identifier' }],
    show: (user) => (user === null ? '' : userText(user)),
    async answer({ calls }, input, options) {
      const user = await calls.users.find({ identifier: String(input['identifier']) })
      if (user === null) throw noSuchUser()
      printAnswer(formatOf(options), user, () => userText(user))
    },
    examples: ['users find ada@example.org'],
  })
}

function addList(users: Command): void {
  addAction(users, {
    signature: signatures.users.list,
    extend: (command) => void command.option('--all', 'every page, not only the first'),
    show: () => '',
    answer: list,
    examples: ['users list', 'users list --status suspended --total', 'users list --all --ndjson > users.ndjson'],
  })
}

async function list({ calls }: Connection, input: Record<string, unknown>, options: LeafOptions): Promise<void> {
  const format = formatOf(options)
  const all = options['all'] === true
  const pages = calls.users.list(all ? { limit: 100, ...input } : input)
  const first = await pages
  if (!all) return printAnswer(format, first, () => listText(first))
  if (format === 'ndjson') {
    for await (const user of pages) print(json(user))
    return
  }
  const items: User[] = []
  for await (const user of pages) items.push(user)
  const whole = { ...first, items, nextCursor: null }
  printAnswer(format, whole, () => listText(whole))
}

const columns: readonly Column<User>[] = [
  { title: 'USERNAME', value: ({ username }) => username },
  { title: 'EMAIL', value: ({ email }) => email },
  { title: 'NAME', value: ({ displayName, fullName }) => displayName ?? fullName },
  { title: 'STATUS', value: ({ status }) => status },
  { title: 'KIND', value: ({ kind }) => kind },
  { title: 'CREATED', value: ({ createdAt }) => createdAt },
  { title: 'ID', value: ({ id }) => id },
]

function listText({ items, nextCursor, total }: OutputOf<typeof signatures.users.list>): string {
  if (nextCursor !== null) note(`There are more: --all shows every one, --cursor ${nextCursor} the next page.`)
  if (total !== null) note(`${items.length} of ${total} users`)
  return items.length === 0 ? 'No user matches.' : table(items, columns)
}

function addUpdate(users: Command): void {
  addAction(users, {
    signature: signatures.users.update,
    arguments: [anyUser],
    objection: ({ version: _, ...changes }) => (Object.keys(changes).length === 0 ? 'Say what to change.' : null),
    show: userText,
    examples: [
      'users update ada --display-name Ada --timezone Europe/London',
      'users update ada --clear full-name description',
      'users update ada --username lovelace --version 3',
    ],
  })
}

function addSetStatus(users: Command): void {
  addAction(users, {
    signature: signatures.users.setStatus,
    arguments: [anyUser, { field: 'status' }],
    question: ({ status }, [user = '']) =>
      status === 'active' ? null : `Set the status of ${printable(user)} to ${String(status)}? It ends every session of the user.`,
    show: ({ user, sessionsEnded, tokensEnded }) =>
      record([
        ['user', user.username],
        ['status', user.status],
        ['reason', user.statusReason],
        ['sessions ended', sessionsEnded],
        ['tokens ended', tokensEnded],
      ]),
    examples: ['users set-status ada suspended --reason "lost laptop"', 'users set-status ada active'],
  })
}

function userText(user: User): string {
  return record([
    ['id', user.id],
    ['username', user.username],
    ['email', user.email === null ? null : `${user.email}${user.emailVerified ? '' : ' (not verified)'}`],
    ['full name', user.fullName],
    ['display name', user.displayName],
    ['avatar', user.avatarUrl],
    ['locale', user.locale],
    ['time zone', user.timezone],
    ['description', user.description],
    ['status', user.statusReason === null ? user.status : `${user.status}: ${user.statusReason}`],
    ['status since', user.statusChangedAt],
    ['kind', user.kind],
    ['must change password', user.needPasswordChange ? true : null],
    ['preferences', Object.keys(user.preferences).length === 0 ? null : user.preferences],
    ['version', user.version],
    ['created', user.createdAt],
    ['changed', user.updatedAt],
  ])
}

function currentText({
  user,
  roles,
  permissions,
  organization,
  memberships,
  session,
  pendingSteps,
}: OutputOf<typeof signatures.users.current>): string {
  const rest = record([
    ['roles', roles],
    ['permissions', permissions],
    ['organization', organization?.slug],
    ['memberships', memberships.map(({ organization, role }) => `${organization.slug} (${role})`)],
    ['assurance', session.assurance],
    ['session until', session.expiresAt],
    ['still to do', pendingSteps.length === 0 ? null : pendingSteps],
  ])
  return `${userText(user)}\n\n${rest}`
}
