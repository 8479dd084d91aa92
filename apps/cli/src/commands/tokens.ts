import { counted, signatures, type OutputOf } from '@denizen/core/contract'
import { Option, type Command } from 'commander'
import { addAction } from '../action-command.ts'
import { denizen } from '../common-options.ts'
import { note, printable, record } from '../output.ts'
import type { Column } from '../table.ts'
import { addPaged } from '../paged-command.ts'
import { apiToken } from '../references.ts'
import { briefly, permissionLines, unknownIn } from '../permission-areas.ts'

const { tokens: actions } = signatures

type Token = OutputOf<typeof actions.get>

const columns: readonly Column<Token>[] = [
  { title: 'NAME', whole: true, value: ({ name }) => name },
  { title: 'STATE', value: ({ state }) => state },
  { title: 'SCOPES', value: ({ scopes }) => (scopes === null ? 'everything' : briefly(scopes)) },
  { title: 'CREATED', value: ({ createdAt }) => createdAt },
  { title: 'EXPIRES', value: ({ expiresAt }) => expiresAt ?? 'never' },
  { title: 'LAST USED', value: ({ lastUsedAt }) => lastUsedAt ?? 'never' },
  { title: 'ID', whole: true, value: ({ id }) => id },
]

/** Days that a token lasts when nobody says how many: long enough for a quarter, and it does not outlive who forgot it. */
const defaultDays = 90

/** API tokens, with which programs authenticate. */
export function addTokens(program: Command): void {
  const tokens = program.command('tokens').description('Create, list and revoke API tokens')
  addCreate(tokens)
  addPaged(tokens, {
    signature: actions.list,
    things: 'tokens',
    columns,
    examples: ['tokens list', 'tokens list --state active --json', 'tokens list --user backup-bot'],
  })
  addAction(tokens, {
    signature: actions.get,
    arguments: [{ field: 'tokenId', as: apiToken }],
    show: tokenText,
    examples: ['tokens get "nightly backup"', 'tokens get tok_01j…'],
  })
  addAction(tokens, {
    signature: actions.revoke,
    arguments: [{ field: 'tokenId', as: apiToken }],
    confirmation: (_, [token = '']) => `Revoke ${printable(token)}? Programs that use it are refused from now on.`,
    show: tokenText,
    examples: ['tokens revoke "nightly backup"', 'tokens revoke tok_01j… --yes'],
  })
  addAction(tokens, {
    signature: actions.verify,
    show: (answer) =>
      answer.active
        ? record([
            ['active', true],
            ['kind', answer.kind],
            ['user', answer.user.username],
            ['scopes', answer.scopes === null ? 'everything that its user may do' : permissionLines(answer.scopes)],
            ['expires', answer.expiresAt ?? 'never'],
          ])
        : 'This token is not valid.',
    examples: ['tokens verify', 'tokens verify --token-stdin < token.txt'],
  })
}

function addCreate(tokens: Command): void {
  addAction(tokens, {
    signature: actions.create,
    arguments: ['name'],
    extend: (command) => void command.addOption(new Option('--no-expiry', 'valid until it is revoked').conflicts('lifetimeDays')),
    adjust(input, { expiry }) {
      if (expiry !== false) input['lifetimeDays'] ??= defaultDays
    },
    problem: ({ scopes }) => unknownIn((scopes as readonly string[] | undefined) ?? []),
    // Whoever finds it is its user: nobody makes such a one without meaning to.
    confirmation: ({ scopes, lifetimeDays }) =>
      scopes === undefined
        ? `Without --scopes this token may do everything that its user may, ${lifetimeDays === undefined ? 'until it is revoked' : `for ${counted(Number(lifetimeDays), 'day')}`}. Create it?`
        : null,
    show: secretText,
    examples: [
      'tokens create "nightly backup" --lifetime-days 90',
      'tokens create ci --scopes users.get,users.find --allowed-ips 192.0.2.0/24',
      'tokens create bot --user backup-bot --scopes users.list > token.txt',
    ],
  })
  addAction(tokens, {
    signature: actions.rotate,
    arguments: [{ field: 'tokenId', as: apiToken }],
    confirmation: ({ overlapSeconds }, [token = '']) =>
      Number(overlapSeconds ?? 0) > 0
        ? null
        : `Rotate ${printable(token)}? The old secret stops working at once; --overlap-seconds keeps it for a while.`,
    show: secretText,
    examples: ['tokens rotate "nightly backup" --overlap-seconds 3600 > token.txt'],
  })
}

/** Only the secret goes to standard output, so that it can be redirected; everything else goes to standard error. */
function secretText({ token, secret }: OutputOf<typeof actions.create>): string {
  note(`${tokenText(token)}\n\nThis is the token. It is shown only once; to use it: DENIZEN_TOKEN=… ${denizen} whoami`)
  return secret
}

function tokenText(token: Token): string {
  return record([
    ['name', token.name],
    ['id', token.id],
    ['state', token.state],
    ['begins with', token.prefix],
    ['scopes', scopesText(token)],
    ['organization', token.organizationId],
    ['only from', token.allowedIps.length === 0 ? null : token.allowedIps.join(', ')],
    ['created', token.createdAt],
    ['expires', token.expiresAt ?? 'never'],
    ['last used', token.lastUsedAt ?? 'never'],
    ['replaced by', token.replacedBy],
  ])
}

function scopesText({ scopes }: Token): string {
  return scopes === null ? 'everything' : permissionLines(scopes)
}
