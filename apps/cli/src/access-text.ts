import { counted, type OutputOf, type signatures } from '@denizen/core/contract'
import { printable } from './output.ts'

type Access = typeof signatures.access
type Changes = OutputOf<Access['diff']>
type Plan = OutputOf<Access['plan']>
type RoleChange = Changes['roles'][number]
type ExclusionChange = Changes['exclusions'][number]
type AssignmentChange = Changes['assignments'][number]
type Effects = Plan['effects']
type Effect = Effects['items'][number]
type Tests = OutputOf<Access['test']>
type Scope = Effect['on']
type Subject = Effect['subject']

/** The changes that a document makes, one a line: `+ role editor`, `~ role viewer: + document.read`. */
export function changesText(changes: Changes): string {
  const { count, roles, exclusions, assignments } = changes
  if (count === 0) return 'Nothing to change: everything is as the file says.'
  const lines = [...roles.map(roleText), ...exclusions.map(exclusionText), ...assignments.map(assignmentText)]
  return [...lines, ...rest(count - lines.length)].map(printable).join('\n')
}

/** Who gains and loses what, and where. */
export function effectsText({ users, teams, count, items }: Effects): string {
  if (count === 0) return 'Nobody gains or loses anything.'
  const lines = items.flatMap(effectText)
  const who = [counted(users, 'user'), ...(teams === 0 ? [] : [counted(teams, 'team')])].join(' and ')
  return [...lines, ...rest(count - items.length), `${who} ${users + teams === 1 ? 'gains or loses' : 'gain or lose'} something.`]
    .map(printable)
    .join('\n')
}

/** The results of the tests in a document, one a line. */
export function testsText({ passed, failed, results }: Tests): string {
  if (results.length === 0) return 'The file has no tests.'
  const lines = results.map(({ passed: well, subject, permission, expected, on, assurance, address, reason }) => {
    const asked = `${assurance === null ? '' : ' with two factors'}${address === null ? '' : ` from ${address}`}`
    const told = `${well ? '✓' : '✗'} ${who(subject)} ${expected} ${permission}${where(on)}${asked}`
    return printable(reason === null ? told : `${told}: ${reason}`)
  })
  return [...lines, `${counted(passed + failed, 'test')}, ${failed === 0 ? 'all passed' : `${failed} failed`}.`].join('\n')
}

function roleText({ change, name, description, permissions, includes }: RoleChange): string {
  if (change === 'delete') return `- role ${name}`
  const words = [
    ...signed(change === 'create', permissions),
    ...signed(change === 'create', includes).map((text) => `includes ${text}`),
    ...(description === null ? [] : [description.after === null ? 'no description' : `"${description.after}"`]),
  ]
  const text = words.length === 0 ? '' : `: ${words.join('; ')}`
  return `${change === 'create' ? '+' : '~'} role ${name}${text}`
}

function signed(isNew: boolean, { added, removed }: RoleChange['permissions']): readonly string[] {
  if (isNew) return added.length === 0 ? [] : [added.join(', ')]
  const all = [...added.map((item) => `+ ${item}`), ...removed.map((item) => `- ${item}`)]
  return all.length === 0 ? [] : [all.join(', ')]
}

function exclusionText({ change, name, before, after }: ExclusionChange): string {
  if (after === null) return `- exclusion ${name}`
  const text = ({ kind, cardinality, roles }: typeof after) => `${kind}, ${cardinality} of ${roles.join(', ')}`
  return `${change === 'create' ? '+' : '~'} exclusion ${name}: ${before === null ? '' : `${text(before)} → `}${text(after)}`
}

function assignmentText({ change, subject, role, permission, on, before, after }: AssignmentChange): string {
  const what = `${who(subject)}: ${role === null ? permission : `role ${role}`}${where(on)}`
  if (change === 'end') return `- ${what}`
  if (change === 'give') return `+ ${what}${termsText(after)}`
  return `~ ${what}:${termsText(before) || ' for good'} →${termsText(after) || ' for good'}`
}

function termsText(terms: AssignmentChange['after']): string {
  if (terms === null) return ''
  const { from, until, when } = terms
  return [
    from === null ? '' : ` from ${from.toISOString()}`,
    until === null ? '' : ` until ${until.toISOString()}`,
    when?.assurance === undefined ? '' : ' with two factors',
    when?.networks === undefined ? '' : ` from ${when.networks.join(', ')}`,
  ].join('')
}

/** More than these are only counted: somebody who may do everything has all permissions. */
const mostNamed = 12

function effectText({ subject, on, gained, lost, conditional }: Effect): readonly string[] {
  const names = (all: readonly string[]) =>
    all.length <= mostNamed ? all.join(', ') : `${all.slice(0, mostNamed).join(', ')} and ${all.length - mostNamed} more`
  const under = conditional ? ', under conditions' : ''
  return [
    ...(gained.length === 0 ? [] : [`+ ${who(subject)} gains ${names(gained)}${where(on)}${under}`]),
    ...(lost.length === 0 ? [] : [`- ${who(subject)} loses ${names(lost)}${where(on)}${under}`]),
  ]
}

function who({ kind, name }: Subject): string {
  return kind === 'team' ? `team ${name}` : name
}

function where({ kind, name }: Scope): string {
  if (kind === 'system') return ' everywhere'
  return kind === 'organization' ? ` in ${name}` : kind === 'team' ? ` on team ${name}` : ` on ${name}`
}

function rest(more: number): readonly string[] {
  return more === 0 ? [] : [`… and ${more} more`]
}
