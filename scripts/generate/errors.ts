import { actions } from '../../packages/core/src/actions.ts'
import { commonErrors } from '../../packages/core/src/common-errors.ts'
import { httpErrorOf, statusOf } from '../../packages/api/src/errors.ts'
import { failureOf } from '../../apps/cli/src/failure.ts'
import { DenizenError, type DenizenErrorCode, type ErrorKind } from '@denizen/core/calls'
import type { ErrorText } from './error-texts.ts'

/** Texts and kinds that are computed where the error is made. */
const computed: Readonly<Record<string, string>> = {
  'cli.ambiguous': 'Several users, organizations, teams or resources have that name: use an id.',
  'cli.keysUnavailable': 'The server that was named did not tell the keys of its receipts.',
  'cli.receiptInvalid': 'The receipt is none, was changed, was signed by another key, or is of another user.',
  'cli.policyInvalid': 'The access document has mistakes: each is listed with its line.',
  'database.locked':
    'The data directory … is in use by another process. Opening it twice would destroy data. Stop that process first, or send commands to it that take --url.',
  'cli.usage': 'The command line is wrong: the text says what, and the next step where to look.',
  'client.unexpectedAnswer': 'What answered is not Denizen, or a proxy in front of it failed.',
  'request.invalid': 'Each wrong field, with what is wrong with it.',
}
const computedKinds: Readonly<Record<string, string>> = { 'cli.stopped': 'that of the failure' }

/** Who makes errors that no signature names, by where their source is. */
const makers: readonly (readonly [folder: string, maker: string])[] = [
  ['packages/api/', 'the HTTP server'],
  ['packages/client/', 'the client'],
  ['apps/cli/', 'the command line'],
  ['packages/runtime/', 'starting a server, and commands on the database itself'],
  ['packages/core/', 'Denizen itself: at its start, or before an action'],
]

/** docs/reference/errors.md. */
export function errorsPage(errors: readonly ErrorText[]): string {
  const codes = [...new Set(errors.map(({ code }) => code))]
  const namespaces = [...new Set(codes.map(namespaceOf))]
  const sections = namespaces.map((namespace) => {
    const rows = codes
      .filter((code) => namespaceOf(code) === namespace)
      .map((code) =>
        rowOf(
          code,
          errors.filter((one) => one.code === code),
        ),
      )
    return `## ${namespace}\n\n| code | kind | text | answered by |\n|---|---|---|---|\n${rows.join('\n')}`
  })
  return `# Errors

<!-- Generated from the sources by \`npm run generate\`. -->

Every error has a code, which never changes its meaning, a kind, and a text for people, which may change. \`…\` stands for what differs
from call to call. A status in parentheses is the code's own. "Any action" answers what the [reference](README.md#errors-of-any-action) lists; of every other action its own
section names the errors.

| kind | HTTP status | exit code of \`denizen\` |
|---|---|---|
${kindRows()}

${sections.join('\n\n')}
`
}

function kindRows(): string {
  const kinds: readonly ErrorKind[] = [
    'invalid',
    'unauthenticated',
    'denied',
    'notFound',
    'conflict',
    'tooLarge',
    'limited',
    'unavailable',
    'internal',
  ]
  return kinds.map((kind) => `| ${kind} | ${statusOf(kind)} | ${exitCodeOf(kind)} |`).join('\n')
}

function exitCodeOf(kind: ErrorKind): number | undefined {
  return failureOf(new DenizenError('request.internal' satisfies DenizenErrorCode, kind, ''), 'denizen', () => null)?.exitCode
}

function rowOf(code: string, errors: readonly ErrorText[]): string {
  const kinds = [...new Set(errors.map(({ kind }) => computedKinds[code] ?? withStatus(code, kind)))]
  const texts = computed[code] === undefined ? [...new Set(errors.flatMap((error) => error.texts.filter(isSentence)))] : [computed[code]]
  if (texts.length === 0 || kinds.includes('')) throw new Error(`${code}: say its text and its kind in scripts/generate/errors.ts`)
  return `| \`${code}\` | ${kinds.join(', ')} | ${texts.map(cell).join('<br>')} | ${answeredBy(code, errors)} |`
}

/** A kind, with the HTTP status if the code has one of its own. */
function withStatus(code: string, kind: string): string {
  const error = new DenizenError(code as DenizenErrorCode, kind as ErrorKind, '')
  const { status } = httpErrorOf(error)
  return status === statusOf(error.kind) ? kind : `${kind} (${status})`
}

/** What is put into a text is not one. */
function isSentence(text: string): boolean {
  return /^[A-Z…“"]/.test(text) && /[.!?…]$/.test(text)
}

function answeredBy(code: string, errors: readonly ErrorText[]): string {
  if (commonErrors.some((error) => error.code === code)) return 'any action'
  const names = [...actions.values()]
    .filter(({ signature }) => signature.errors?.some((error) => error.code === code))
    .map(({ signature: { name } }) => `[${name}](${namespaceOf(name)}.md#${name.toLowerCase().replace('.', '')})`)
  if (names.length > 0) return names.toSorted().join(', ')
  return makers.flatMap(([folder, maker]) => (errors.some(({ file }) => file.startsWith(folder)) ? [maker] : [])).join('; ')
}

function namespaceOf(name: string): string {
  return name.split('.')[0] ?? ''
}

function cell(text: string): string {
  return text.trim().replaceAll('|', '\\|').replaceAll('<', '&lt;')
}
