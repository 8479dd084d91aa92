import { counted, signatures, type OutputOf } from '@denizen/core/contract'
import type { Command } from 'commander'
import { addAction } from '../action-command.ts'
import { printable, record } from '../output.ts'
import type { Column } from '../table.ts'
import { addPaged } from '../paged-command.ts'
import { inWords } from '../value-words.ts'

const { sessions: actions } = signatures

type Session = OutputOf<typeof actions.get>

const columns: readonly Column<Session>[] = [
  { title: 'WHERE', value: whereText },
  { title: 'STATE', value: stateText },
  { title: 'STARTED', value: ({ createdAt }) => createdAt },
  { title: 'LAST SEEN', value: ({ lastSeenAt }) => lastSeenAt },
  { title: 'ADDRESS', value: ({ ip }) => ip },
  { title: 'ID', whole: true, kept: true, value: ({ id }) => id },
]

/** Sessions: where somebody is signed in, and signing out there. */
export function addSessions(program: Command): void {
  const sessions = program.command('sessions').description('See where you are signed in, and sign out there')
  addList(sessions)
  addEnd(sessions)
}

function addList(sessions: Command): void {
  const face = { things: 'sessions', columns }
  addPaged(sessions, { ...face, signature: actions.list, examples: ['sessions list', 'sessions list --user ada --all'] })
  addPaged(sessions, { ...face, signature: actions.listActive, examples: ['sessions list-active', 'sessions list-active --user ada'] })
  addPaged(sessions, { ...face, signature: actions.listRecent, examples: ['sessions list-recent --days 7'] })
  addAction(sessions, { signature: actions.get, arguments: ['sessionId'], show: sessionText, examples: ['sessions get ses_01j…'] })
}

function addEnd(sessions: Command): void {
  addAction(sessions, {
    signature: actions.end,
    arguments: ['sessionId'],
    confirmation: (_, [session = '']) => `End the session ${printable(session)}? It is signed out at once.`,
    show: endedText,
    examples: ['sessions end ses_01j…', 'sessions end ses_01j… --dry-run'],
  })
  addAction(sessions, {
    signature: actions.endAll,
    confirmation: (_, _arguments, { user }) =>
      typeof user === 'string'
        ? `End all sessions of ${printable(user)}? They are signed out everywhere.`
        : 'End all of your sessions? You are signed out here too.',
    show: endedText,
    examples: ['sessions end-all', 'sessions end-all --user ada --yes'],
  })
  addAction(sessions, {
    signature: actions.endOthers,
    confirmation: () => 'End all of your sessions but this one?',
    show: endedText,
    examples: ['sessions end-others', 'sessions end-others --yes'],
  })
}

function whereText({ browser, os, device, userAgent }: Session): string | null {
  const named = [browser, device, os].filter((part) => part !== null)
  return named.length > 0 ? named.join(', ') : userAgent
}

function stateText({ current, endedAt, endReason, expiresAt, impersonator }: Session): string {
  if (endedAt !== null) return endReason === null ? 'ended' : inWords(endReason)
  if (expiresAt <= new Date()) return 'expired'
  return current ? 'this one' : impersonator === null ? 'active' : `active, impersonated by ${impersonator.username}`
}

function sessionText(session: Session): string {
  const { impersonator } = session
  return record([
    ['id', session.id],
    ['user', session.userId],
    ['state', stateText(session)],
    ['where', whereText(session)],
    ['address', session.ip],
    ['signed in with', session.authMethods.map(inWords)],
    ['assurance', inWords(session.assurance)],
    ['organization', session.organizationId],
    ['impersonator', impersonator?.username],
    ['started', session.createdAt],
    ['last seen', session.lastSeenAt],
    ['expires', session.expiresAt],
    ['ended', session.endedAt],
    ['ended by', session.endedBy],
  ])
}

function endedText({ sessionsEnded }: { readonly sessionsEnded: number }): string {
  if (sessionsEnded === 0) return 'There was no such active session.'
  return `${counted(sessionsEnded, 'session')} ended.`
}
