import { counted, signatures, type OutputOf } from '@denizen/core/contract'
import { Option, type Command } from 'commander'
import { addAction, unchanged, type Input, type LeafOptions } from '../action-command.ts'
import { denizen } from '../common-options.ts'
import { usageError } from '../failure.ts'
import { parseJson } from '../input-options.ts'
import { printable, record } from '../output.ts'
import { table } from '../table.ts'
import { addPaged } from '../paged-command.ts'
import { closest } from '../suggestion.ts'

const { policies: actions } = signatures

const limitNames: readonly string[] = actions.create.input.shape.limits.unwrap().keyof().options

/** Resource policies: named limits, by their id or their name. */
export function addPolicies(program: Command): void {
  const policies = program
    .command('policies')
    .description('Limit what users and organizations may use: sessions, tokens, calls in a minute …')
  policies.addHelpText(
    'after',
    '\nEach limit is taken from the first of these that sets it: the user’s own policy, that of their home organization, the default policy, the settings.',
  )
  addPolicy(policies)
  addReading(policies)
  addAssignment(policies)
}

function addPolicy(policies: Command): void {
  addAction(policies, {
    signature: actions.create,
    arguments: ['name'],
    extend: addLimit,
    adjust: takeLimits,
    show: policyText,
    examples: [
      'policies create students --limit maxConcurrentLogins=2 --limit loginExcess=refuse',
      'policies create everybody --limit requestsPerMinute=600 --limit maxSessions=unlimited --is-default',
    ],
  })
  addAction(policies, {
    signature: actions.update,
    arguments: ['policyId'],
    extend: addLimit,
    adjust: takeLimits,
    problem: (input) => unchanged(input, 'policyId'),
    show: policyText,
    examples: ['policies update students --limit maxApiTokens=3', 'policies update students --remove maxApiTokens,maxSessions'],
  })
  addAction(policies, {
    signature: actions.delete,
    arguments: ['policyId'],
    extend: (command) => void command.option('--reassign-to-none', 'users and organizations that have it get none'),
    adjust(input, { reassignToNone }) {
      if (reassignToNone === true) input['reassignTo'] = null
    },
    confirmation: (_, [policy = '']) => `Delete the policy ${printable(policy)}?`,
    show: ({ users, organizations }) =>
      `The policy is deleted. It applied to ${counted(users, 'user')} and ${counted(organizations, 'organization')}.`,
    examples: ['policies delete students --reassign-to everybody --dry-run', 'policies delete students --reassign-to-none --yes'],
  })
}

function addReading(policies: Command): void {
  addAction(policies, {
    signature: actions.get,
    arguments: ['policyId'],
    show: (policy) =>
      `${policyText(policy)}\n${record([
        ['users', policy.users],
        ['organizations', policy.organizations],
      ])}`,
    examples: ['policies get students'],
  })
  addPaged(policies, {
    signature: actions.list,
    things: 'policies',
    columns: [
      { title: 'NAME', whole: true, value: ({ name }) => name },
      { title: 'DEFAULT', value: ({ isDefault }) => (isDefault ? 'yes' : '') },
      { title: 'LIMITS', value: ({ limits }) => limitsText(limits) },
      { title: 'ID', whole: true, value: ({ id }) => id },
    ],
    examples: ['policies list --all'],
  })
  addAction(policies, {
    signature: actions.effective,
    arguments: [{ field: 'userId', optional: true }],
    show: ({ limits }) =>
      table(limits, [
        { title: 'LIMIT', value: ({ limit }) => limit },
        { title: 'VALUE', value: ({ value }) => valueText(value) },
        { title: 'FROM', value: ({ source }) => source },
        { title: 'POLICY', value: ({ policy }) => policy },
      ]),
    examples: ['policies effective', 'policies effective ada', 'policies effective --org acme'],
  })
}

function addAssignment(policies: Command): void {
  addAction(policies, {
    signature: actions.assign,
    arguments: [{ field: 'policyId', optional: true }],
    extend: (command) => void command.option('--none', 'remove the assigned policy'),
    adjust(input, { none }) {
      if ((none === true) === (input['policyId'] !== undefined))
        throw usageError('Name a policy (<policy>), or use --none.', `See which there are: ${denizen} policies list`)
      input['policyId'] ??= null
    },
    problem: ({ userId, organizationId, asDefault }) =>
      [userId, organizationId, asDefault].filter((given) => given !== undefined).length === 1
        ? null
        : 'Use exactly one of --user, --org and --as-default.',
    show: ({ changed }) => (changed ? 'The policy applies from now on.' : 'Nothing to change.'),
    examples: [
      'policies assign students --user ada',
      'policies assign large --org acme',
      'policies assign everybody --as-default',
      'policies assign --none --user ada',
    ],
  })
}

function addLimit(command: Command): void {
  const several = (text: string, before: readonly string[] = []) => [...before, text]
  const described = 'a number, a word, a list with commas, or "unlimited"; repeat it for several'
  command.addOption(new Option('--limit <name=value>', described).argParser(several))
}

/** `--limit maxSessions=5`: what `--limits` would say in JSON. */
function takeLimits(input: Input, { limit }: LeafOptions): void {
  if (!Array.isArray(limit)) return
  const said = limit.map((text) => limitIn(String(text)))
  input['limits'] = { ...(input['limits'] as object | undefined), ...Object.fromEntries(said) }
}

/** Of limits that are no number. */
const examples: Readonly<Record<string, string>> = {
  loginExcess: 'refuse',
  allowedFactors: 'totp,passkey',
  maxResourcesPerType: `'{"document":5}'`,
}

function limitIn(text: string): readonly [name: string, value: unknown] {
  const [name = '', ...rest] = text.split('=').map((part) => part.trim())
  const value = rest.join('=')
  if (name === '') throw usageError(`This is not a limit: ${printable(text)}`, 'Write the name and the value: --limit maxSessions=5')
  if (!limitNames.includes(name)) {
    const meant = closest(name, limitNames)
    throw usageError(
      `There is no limit "${printable(name)}".${meant === null ? '' : ` Did you mean ${meant}?`}`,
      `There are ${limitNames.join(', ')}.`,
    )
  }
  if (value === '')
    throw usageError(`${name} needs a value.`, `For example --limit ${name}=${examples[name] ?? '5'}, or --limit ${name}=unlimited`)
  if (value === 'unlimited') return [name, null]
  if (name === 'allowedFactors') return [name, value.split(',').map((factor) => factor.trim())]
  return [name, /^-?\d+$/.test(value) ? Number(value) : value.startsWith('{') ? parseJson(value, '--limit') : value]
}

type Shown = OutputOf<typeof actions.create>

function policyText({ id, name, description, limits, isDefault, version, createdAt, updatedAt }: Shown): string {
  return record([
    ['id', id],
    ['name', name],
    ['description', description],
    ['default', isDefault ? 'yes' : 'no'],
    ['limits', limitsText(limits)],
    ['version', version],
    ['created', createdAt],
    ['changed', updatedAt],
  ])
}

function limitsText(limits: Shown['limits']): string {
  return Object.entries(limits)
    .map(([name, value]) => `${name}=${valueText(value)}`)
    .join(' ')
}

function valueText(value: unknown): string {
  if (value === null) return 'unlimited'
  if (Array.isArray(value)) return value.join(',')
  return typeof value === 'string' ? value : JSON.stringify(value)
}
