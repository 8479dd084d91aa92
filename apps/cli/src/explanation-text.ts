import { counted, patternInWords, type OutputOf, type signatures } from '@denizen/core/contract'
import { fittedHelp } from './help.ts'
import { localTime, printable, record, room } from './output.ts'
import { table } from './table.ts'
import { shortened } from './permission-areas.ts'

type Access = typeof signatures.access
type Explanation = OutputOf<Access['explain']>
type Reason = Explanation['because'][number]
type Then = OutputOf<Access['at']>
type Comparison = OutputOf<Access['compare']>

/** The decision, each reason as a small tree, and what would change it. */
export function explainText({ summary, allowed, because, unmet, missing, hiddenRoles }: Explanation): string {
  const parts = [
    `${allowed ? 'Yes' : 'No'}: ${summary}`,
    ...because.map((reason) => treeOf(stepsOf(reason))),
    ...listed(
      'What would allow it if its conditions were met:',
      unmet.map(({ text }) => text),
    ),
    ...listed('What would allow it, the smallest first:', [
      ...missing.map(({ text }) => text),
      ...(hiddenRoles === 0 ? [] : [`${counted(hiddenRoles, 'role')} more that you may not see`]),
    ]),
  ]
  return fittedHelp(parts.map(printable).join('\n\n'), room())
}

/** From the subject down to the pattern that matches the permission. */
function stepsOf({ via, subject, roles, pattern, scope, validUntil, condition, hidden, text }: Reason): readonly string[] {
  if (hidden) return [text]
  const permitted = patternInWords(pattern ?? '')
  const terms = [
    ...(validUntil === null ? [] : [`until ${localTime(validUntil)}`]),
    ...(condition?.assurance === undefined ? [] : ['with a second factor']),
    ...(condition?.networks === undefined ? [] : [`from ${condition.networks.join(', ')}`]),
  ]
  const where = [
    scope.kind === 'system' ? 'everywhere' : `on ${scope.kind === 'resource' ? scope.name : `${scope.kind} ${scope.name}`}`,
    ...terms,
  ]
  const [given, ...included] = roles
  const who = subject.kind === 'team' ? `the team ${subject.name}` : subject.name
  if (via === 'ownership') return [who, `owner ${where.join(', ')}, or of what it is in`, `owners have ${permitted}`]
  if (given === undefined) return [who, `has ${permitted} ${where.join(', ')}`]
  return [who, `${given.name} ${where.join(', ')}`, ...included.map(({ name }) => `includes ${name}`), `has ${permitted}`]
}

function treeOf(steps: readonly string[]): string {
  return steps.map((step, depth) => (depth === 0 ? step : `${'   '.repeat(depth - 1)}└─ ${step}`)).join('\n')
}

function listed(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : [[title, ...lines.map((line) => `  - ${line}`)].join('\n')]
}

/** Who could do what at that time. */
export function thenText({ time, on, there, allowed, user, items }: Then): string {
  const gone = there ? [] : [`${on.name} did not exist at ${localTime(time)}.`]
  if (user === null) return [...gone, items.length === 0 ? 'Nobody could.' : table(items, people)].map(printable).join('\n\n')
  const { username, status, frozen, memberships, teams, assignments, permissions } = user
  const parts = [
    ...gone,
    ...(allowed === null ? [] : [allowed ? 'Yes.' : 'No.']),
    record([
      ['user', username],
      ['status', status === null ? 'did not exist yet' : frozen ? `${status}, grants frozen` : status],
      ['member', memberships.map(({ role, organization }) => `${role} of ${organization.name}`)],
      ['teams', teams.map(({ name }) => name)],
    ]),
    ...listed(
      'Assignments:',
      assignments.map(({ text, counted }) => (counted ? text : `${text} (not counted then)`)),
    ),
    ...listed(`Could do on ${on.name}:`, permissions),
  ]
  return parts.join('\n\n')
}

const people = [
  { title: 'USER', whole: true, value: ({ username }: Then['items'][number]) => username },
  { title: 'ID', whole: true, value: ({ userId }: Then['items'][number]) => userId },
]

/** What happened, and who gained and lost what: whole areas in one word, or with `verbose` every permission. */
export function compareText({ changes, complete, items }: Comparison, { verbose }: { readonly verbose: boolean }): string {
  const lines = (sign: string, permissions: readonly string[]) =>
    (verbose ? permissions : shortened(permissions)).map((line) => `  ${sign} ${line}`)
  const happened = changes.map(({ at, text }) => `${localTime(at)}  ${text}`)
  const effects = items.map(({ username, gained, lost }) => [username, ...lines('+', gained), ...lines('-', lost)].join('\n'))
  const parts = [
    happened.length === 0 ? 'Nothing happened.' : [...happened, ...(complete ? [] : ['and more'])].join('\n'),
    ...(effects.length === 0 ? ['Nobody gained or lost anything.'] : effects),
  ]
  return parts.map(printable).join('\n\n')
}
