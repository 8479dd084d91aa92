import { counted, signatures, type OutputOf } from '@denizen/core/contract'
import type { Command } from 'commander'
import { addAction } from '../action-command.ts'
import { denizen } from '../common-options.ts'
import { printable, record } from '../output.ts'
import { table } from '../table.ts'

const { purge } = signatures.users

type Purged = OutputOf<typeof purge>

export function addPurge(users: Command): void {
  addAction(users, {
    signature: purge,
    arguments: ['userId'],
    problem: ({ resources, transferTo }) =>
      (resources === 'transfer') === (transferTo !== undefined) ? null : 'Give --resources transfer and --transfer-to together.',
    confirmation: (_, [user = '']) => `Purge ${printable(user)}? Everything that is held about the user is erased. It cannot be undone.`,
    show: purgedText,
    examples: [
      'users purge ada --dry-run',
      'users purge ada --resources transfer --transfer-to bob',
      'users purge ada --json > receipt.json',
    ],
  })
}

type Counts = Readonly<Record<string, { readonly deleted: number; readonly forgotten: number }>>

/** What was erased, by table. */
export function erasedTable(tables: Counts): string {
  return table(Object.entries(tables), [
    { title: 'TABLE', value: ([name]) => name },
    { title: 'ROWS DELETED', value: ([, { deleted }]) => deleted },
    { title: 'ROWS THAT FORGOT', value: ([, { forgotten }]) => forgotten },
  ])
}

function purgedText({ userId, tables, resources, receipt, salt }: Purged): string {
  const facts = record([
    ['purged', userId],
    ['resources transferred', resources.transferred],
    ['resources deleted', resources.deleted],
    ['salt', salt],
  ])
  const rows = Object.values(tables).reduce((sum, { deleted, forgotten }) => sum + deleted + forgotten, 0)
  const keep = `Keep the receipt, and apart from it the id and the salt, which show whose it is: neither is told again.
Check it: ${denizen} users verify-receipt <file>`
  return [
    facts,
    `${erasedTable(tables)}\n\n${counted(rows, 'row')} in ${counted(Object.keys(tables).length, 'table')}.`,
    receipt,
    keep,
  ].join('\n\n')
}
