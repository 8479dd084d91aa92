import type { DenizenError, DenizenErrorCode } from '@denizen/core/calls'
import { shellWord, signatures, type Signature } from '@denizen/core/contract'
import { denizen } from './common-options.ts'
import { detailsOf } from './error-details.ts'

/** What the command was connected to. */
export interface CommandTarget {
  /** The server; null: the database itself, as its operator; undefined: nothing yet. */
  readonly url: string | null | undefined
  /** ` --url …` as it has to be typed; empty for the default server. */
  readonly option: string
  /** What was typed, by field of the input. */
  readonly typed: Typed
}

/** What was typed on the command line, by field of the input: names, before they are resolved. */
export type Typed = Readonly<Record<string, unknown>>

type Step = string | ((error: DenizenError, where: CommandTarget) => string | null)

/** What to type next, by error code. The error's message says what happened; this is for the command line only. */
const steps: Readonly<Record<string, Step>> = {
  'request.unauthenticated': (_, { url, option }) =>
    url === null
      ? 'This needs a session, and an operator has none: leave out --database and --local.'
      : url === undefined
        ? null
        : process.env['DENIZEN_TOKEN'] === undefined
          ? `Sign in: ${denizen} login${option}`
          : 'The token in DENIZEN_TOKEN is not valid, or not any more: set another one, or use your login: unset DENIZEN_TOKEN',
  'request.denied': (error, { url, option, typed }) => {
    if (url === null || url === undefined) return null
    const { permission } = detailsOf(error)
    const orNamed = takesOrganization(permission ?? '') ? ', or name an organization that you administer with --org' : ''
    const asked =
      permission !== undefined
        ? `. What would give it to you, and who can: ${denizen} access explain me ${shellWord(permission)}${within(typed)}`
        : ''
    return `Sign in as somebody who may: ${denizen} login${option}${orNamed}${asked}`
  },
  'request.notFound': (error, where) => stepFor(detailsOf(error).type ?? '', error, where),
  'request.invalid': (error, where) => stepFor(kindOfWrongId(error), error, where),
  'request.notPlannable': 'Leave out --dry-run.',
  'request.notRepeatable': 'Leave out --idempotency-key.',
  'request.outcomeUnknown': repeatWithKey,
  'client.timedOut': (error) =>
    [
      ...(repeatWithKey(error)?.split('\n') ?? []),
      'Look whether Denizen runs there, name another server with --url, or wait longer: DENIZEN_TIMEOUT=60 (seconds)',
    ].join('\n'),
  'request.onlyCommands': 'Leave out --idempotency-key and --dry-run.',
  'request.unknownAction': 'The server and this command have different versions: compare them with --version.',
  'request.databaseUnavailable': `Find out why: ${denizen} doctor`,
  'request.databaseFull': `On its machine, see how much room there is: ${denizen} doctor`,
  'request.retriesExhausted': 'Wait a moment and try again.',
  'request.stopping': 'Wait a moment and try again.',
  'request.tooLarge': 'Send less at once, or raise DENIZEN_BODY_LIMIT of the server.',
  'request.urlTooLong': 'Ask for less in one query: shorter lists, fewer conditions.',
  'request.versionConflict': 'Read it again, then repeat with its new --version, or without.',
  'request.idempotencyConflict': 'Use a new --idempotency-key.',
  'client.unreachable': ({ message }, { url }) =>
    message.includes(' broke.')
      ? `If something else than Denizen listens there, name the server with --url; else look into its log.`
      : `Start a server${startedAt(url)}, or name another one with --url.`,
  'auth.invalidCredentials': (_, { option }) =>
    [
      `Try again, or have a link for a new password mailed to you: ${denizen} password forgot ADDRESS${option}`,
      `If the account has no address, an administrator gives it one and sends a link: ${denizen} users send-setup-link …`,
      'If no administrator can sign in: "Locked out" in docs/operations.md',
    ].join('\n'),
  'auth.cannotImpersonate': `Look at who there is: ${denizen} users list`,
  'client.unexpectedAnswer': (_, { url }) =>
    [
      `Is ${url ?? 'this'} the address of a Denizen server? Open it in a browser: Denizen says there that it is one. Name another with --url.`,
      'If it is one, its version may be another than that of this command: compare them with --version.',
    ].join('\n'),
  'auth.linkInvalid': `Ask for a new link. For a password: ${denizen} password forgot ADDRESS; to confirm your address: ${denizen} auth request-email-verification`,
  'auth.outOfScope': `Set another token in DENIZEN_TOKEN, or use your login: unset DENIZEN_TOKEN. What this one may do: ${denizen} whoami`,
  'auth.outOfOrganization': 'Set another token in DENIZEN_TOKEN, or use your login: unset DENIZEN_TOKEN',
  'auth.ownSessionRequired': (_, { option }) =>
    `With a token set, use your login: unset DENIZEN_TOKEN; else sign in: ${denizen} login${option}`,
  'auth.notImpersonating': `See who you are: ${denizen} whoami`,
  'auth.tooManyImpersonations': `See where you are signed in, and sign out where you began them: ${denizen} sessions list`,
  'auth.tooManySessions': (_, { option, typed }) => {
    const address = String(typed['identifier']).includes('@') ? word(typed, 'identifier') : 'ADDRESS'
    const here = typeof typed['inUse'] === 'string' ? `, but here that lists those of ${typed['inUse']}` : ''
    return [
      `Where you are still signed in, find one to end: ${denizen} sessions list${here}`,
      `If that is nowhere, choose a new password, which signs you out everywhere: ${denizen} password forgot ${address}${option}`,
    ].join('\n')
  },
  'auth.noSetup': (_, { typed }) => `See its state: ${denizen} users get ${word(typed, 'userId')}`,
  'factors.none': (error, { typed }) =>
    detailsOf(error).userId === undefined
      ? `Set one up: ${denizen} factors enrol`
      : `If the password is what is lost: ${denizen} users send-setup-link ${word(typed, 'userId')}`,
  'factors.noTotp': `See what there is: ${denizen} factors list`,
  'factors.wrongCode': `The key of before still works. Pipe in the next code: ${denizen} factors enrol --code-stdin`,
  'factors.notBegun': `Begin: ${denizen} factors enrol`,
  'factors.lastRequired': `See what there is: ${denizen} factors list`,
  'access.documentInvalid': `See what there is, in the words of such a file: ${denizen} access export`,
  'access.unknownPermission': `See all actions: ${denizen} call`,
  'access.notHeld': `See what you hold: ${denizen} access list-permissions`,
  'access.excluded': `See which roles exclude each other: ${denizen} access list-exclusions`,
  'access.exclusionViolated': `See who has the roles: ${denizen} access list-assignments`,
  'access.tooManyActive': `See which are active: ${denizen} access list-active-roles`,
  'access.noSession': `Sign in, or without the token use your login: unset DENIZEN_TOKEN`,
  'access.planOutdated': 'Run it again: the new plan is shown before anything is done.',
  'policies.nameTaken': `See which there are: ${denizen} policies list`,
  'policies.inUse': (_, { typed }) => {
    const line = `${denizen} policies delete ${word(typed, 'policyId')}`
    return `Give them another one: ${line} --reassign-to …, or none: ${line} --reassign-to-none`
  },
  'policies.isDefault': `Make another one the default: ${denizen} policies assign … --as-default, or none: ${denizen} policies assign --none --as-default`,
  'policies.unknown': `See which there are: ${denizen} policies list`,
  'resources.keyTaken': (_, { typed }) =>
    `See what has it: ${denizen} resources get ${typed['key'] === undefined ? '…' : `${word(typed, 'type')}:${word(typed, 'key')}`}${within(typed)}`,
  'roles.nameTaken': (_, { typed }) => `See which there are: ${denizen} roles list${within(typed)}`,
  'tokens.tooMany': `See which are unused: ${denizen} tokens list`,
  'tokens.over': `Create another one: ${denizen} tokens create …`,
  'users.lastWayIn': [
    `To your own account, add another first: ${denizen} password change, or on the page /passkeys`,
    `To that of somebody else, have them choose a password first: ${denizen} users send-setup-link …`,
  ].join('\n'),
  'identities.unknownProvider':
    'Which there are stands on the page to sign in; its operator names them in the file of DENIZEN_IDENTITY_PROVIDERS.',
  'organizations.proveAddressFirst': `Ask for the link: ${denizen} auth request-email-verification`,
  'request.databaseNotMigrated': `On its machine, see what is missing: ${denizen} migrate plan`,
  'request.internal': 'Look into the log of the server: it has the error, and what led to it.',
  'tokens.scopeTooWide': `See what you may do: ${denizen} access list-permissions`,
  'config.invalid': `See all settings, with what they mean: ${denizen} doctor --all`,
  'database.locked': (error) => {
    const { pid } = detailsOf(error)
    const owner = pid === undefined ? 'the other process' : `process ${pid}`
    return `Stop ${owner}, or choose another directory: DENIZEN_DATA_DIR, or --data-dir of ${denizen} serve`
  },
  'auth.stepRequired': `See what is still to do: ${denizen} users current`,
  'auth.freshProofRequired': `Confirm that it is you: ${denizen} reauthenticate`,
  'auth.deviceDenied': (_, { option }) => `If that was a mistake, start again: ${denizen} login${option}`,
  'auth.deviceCodeExpired': (_, { option }) => `Start again: ${denizen} login${option}`,
  'auth.addressNotAllowed': `From an allowed address: ${denizen} users update-current --allowed-ips …`,
  'users.emailTaken': (_, { typed }) => `See who has it: ${denizen} users find ${word(typed, 'email')}`,
  'users.usernameTaken': (_, { typed }) => `See who has it: ${denizen} users find ${word(typed, 'username')}`,
  'users.archived': (_, { typed }) => `Bring it back: ${denizen} users restore ${word(typed, 'userId')}`,
  'users.archiveFirst': (_, { typed }) => `Archive it: ${denizen} users archive ${word(typed, 'userId')}`,
  'users.onLegalHold': (_, { typed }) => `If the case is over: ${denizen} users set-legal-hold ${word(typed, 'userId')} off`,
  'users.ownsResources': (_, { typed }) =>
    `Name their new owner: ${denizen} users purge ${word(typed, 'userId')} --resources transfer --transfer-to …, or --resources delete`,
  'users.notArchived': (_, { typed }) => `See its state: ${denizen} users get ${word(typed, 'userId')}`,
  'users.restoreWindowOver': `Create a new one: ${denizen} users create --email …`,
  'users.lastSuperadmin': `Promote another one first: ${denizen} users promote …`,
  'users.notPromotable': (_, { typed }) => `See its state: ${denizen} users get ${word(typed, 'userId')}`,
  'users.wouldLockOut': 'Add your own address to --allowed-ips; with update-current, --force does it anyway.',
  'users.tooMany': `With a list of users there is no limit: ${denizen} users list --where … --all --ndjson | ${denizen} users bulk-archive - --yes (or bulk-update)`,
  'users.managedAddress': (_, { typed }) =>
    `See which domains the organization has: ${denizen} orgs list-domains ${word(typed, 'organizationId')}`,
  'organizations.slugTaken': 'Choose another one with --slug.',
  'organizations.lastOwner': (error, { typed }) => {
    const which = word({ ...detailsOf(error), ...typed }, 'organizationId')
    return `Hand it over: ${denizen} orgs transfer-ownership ${which} …, or end it: ${denizen} orgs archive ${which}`
  },
  'organizations.seatsTaken': (_, { typed }) =>
    `Raise the limit: ${denizen} orgs update ${word(typed, 'organizationId')} --seat-limit …, or make room: ${denizen} orgs remove-member ${word(typed, 'organizationId')} …`,
  'organizations.alreadyMember': (_, { typed }) =>
    `Change its role: ${denizen} orgs update-member ${word(typed, 'organizationId')} ${word(typed, 'userId')} …`,
  'organizations.inactive': (error, { typed }) =>
    detailsOf(error).status === 'archived'
      ? `An administrator of the installation can restore it: ${denizen} orgs restore ${word(typed, 'organizationId')}`
      : `An administrator of the installation can reactivate it: ${denizen} orgs update ${word(typed, 'organizationId')} --status active`,
  'organizations.notArchived': (_, { typed }) => `See its state: ${denizen} orgs get ${word(typed, 'organizationId')}`,
  'organizations.tooMany': `See which they are: ${denizen} orgs list`,
  'organizations.domainTaken': 'If it is yours, ask an administrator of the installation who has it.',
  'organizations.domainNotProven': (error) => `See what DNS says: dig +short TXT ${word(detailsOf(error), 'name')}`,
  'organizations.tooManyDomains': (_, { typed }) => `See which they are: ${denizen} orgs list-domains ${word(typed, 'organizationId')}`,
  'organizations.dnsUnavailable': (error) => `See what DNS says: dig +short TXT ${word(detailsOf(error), 'name')}`,
  'organizations.addressNotManaged': (_, { typed }) =>
    `Invite: ${denizen} orgs invite ${word(typed, 'organizationId')} ${word(typed, 'email')}, or prove the domain: ${denizen} orgs add-domain ${word(typed, 'organizationId')} …`,
  'organizations.roleTooHigh': (_, { typed }) =>
    `See the roles of the members: ${denizen} orgs list-members ${word(typed, 'organizationId')}`,
  'organizations.slugReserved': 'Choose another one with --slug.',
  'organizations.userInactive': (_, { typed }) => `See its state: ${denizen} users get ${word(typed, 'userId')}`,
  'organizations.notAnOwner': (_, { typed }) =>
    `See who owns it: ${denizen} orgs list-members ${word(typed, 'organizationId')} --role owner, and name one with --from`,
  'organizations.invitationInvalid': `Look at those you can answer: ${denizen} orgs list-invitations`,
  'organizations.invitedAnother': `Sign out first: ${denizen} logout`,
  'organizations.passwordNeeded': 'Choose one with --password-prompt, or pipe it in with --password-stdin.',
  'organizations.signInFirst': (_, { option }) => `Sign in: ${denizen} login${option}`,
  'organizations.invitationAnswered': (_, { typed }) =>
    `Invite again: ${denizen} orgs invite ${word(typed, 'organizationId')} ${word(typed, 'email')}`,
  'organizations.accountInactive': (_, { typed }) => `See its state: ${denizen} users get ${word(typed, 'userId')}`,
  'teams.nameTaken': (_, { typed }) => `See which there are: ${denizen} teams list --org ${word(typed, 'organizationId')}`,
  'mail.refused': 'Correct the address and try again.',
  'mail.notConfigured': 'Set DENIZEN_SMTP_URL and DENIZEN_MAIL_FROM where the server runs, and restart it.',
} satisfies Partial<Record<DenizenErrorCode, Step>>

/** Where to look for something that was not found. */
const whereToLook: Readonly<Record<string, Step>> = {
  user: `Look at all of them: ${denizen} users list`,
  organization: `Look at those you can see: ${denizen} orgs list`,
  team: (_, { typed }) => `Look at those of an organization: ${denizen} teams list --org ${word(typed, 'organizationId')}`,
  domain: (_, { typed }) => `Look at those of an organization: ${denizen} orgs list-domains ${word(typed, 'organizationId')}`,
  invitation: `Look at those that can be answered: ${denizen} orgs list-invitations`,
  member: (_, { typed }) => `Look at all of them: ${denizen} orgs list-members ${word(typed, 'organizationId')}`,
  session: `Look at yours: ${denizen} sessions list`,
  token: `Look at yours: ${denizen} tokens list`,
  role: (_, { typed }) => `Look at those there are: ${denizen} roles list${within(typed)}`,
  policy: `Look at those there are: ${denizen} policies list`,
  resource: (_, { typed }) => `Look at ${within(typed) === '' ? 'yours' : 'those there are'}: ${denizen} resources list${within(typed)}`,
  assignment: (_, { typed }) => `Look at those there are: ${denizen} access list-assignments${within(typed)}`,
  exclusion: (_, { typed }) => `Look at those there are: ${denizen} access list-exclusions${within(typed)}`,
  passkey: `Look at yours: ${denizen} passkeys list`,
  identity: `Look at yours: ${denizen} identities list`,
  job: `Look at those there are: ${denizen} jobs list`,
  'run of a job': `Look at those there are: ${denizen} jobs history`,
}

function stepFor(type: string, error: DenizenError, where: CommandTarget): string | null {
  const step = known(whereToLook, type)
  return typeof step === 'function' ? step(error, where) : step
}

/** The kind of thing whose id was wanted, where something else was typed; empty: that is not what is wrong. */
function kindOfWrongId(error: DenizenError): string {
  const [issue, ...more] = detailsOf(error).issues
  return more.length > 0 ? '' : (/^must be the id of an? (?:role )?(\w+)/.exec(issue?.message ?? '')?.[1] ?? '')
}

/** How a server is started that this command finds: only on this machine can it be said. */
export function startedAt(url: string | null | undefined): string {
  const { hostname, port } = new URL(url ?? 'http://localhost:4000')
  if (!['localhost', '127.0.0.1', '[::1]'].includes(hostname)) return ''
  return port === '4000' ? ` with "npm start" or "${denizen} serve"` : `: ${denizen} serve --port ${port === '' ? '80' : port}`
}

/** All codes after which something is to be typed. */
export const codesWithSteps: readonly string[] = Object.keys(steps)

/** A field as it has to be typed again; `…` where it was not typed. */
function word(typed: Typed, field: string): string {
  const text = typed[field]
  return typeof text === 'string' && text !== '' ? shellWord(text) : '…'
}

/** The organization, where one was named: without it other things are looked at. */
function within(typed: Typed): string {
  return typeof typed['organizationId'] === 'string' ? ` --org ${word(typed, 'organizationId')}` : ''
}

/** Whether the action can be limited to an organization, where more people may call it. */
function takesOrganization(action: string): boolean {
  const [namespace, verb = ''] = action.split('.')
  const users: Readonly<Record<string, Signature>> = signatures.users
  const input = namespace === 'users' && Object.hasOwn(users, verb) ? users[verb]?.input : undefined
  return input !== undefined && 'shape' in input && Object.hasOwn(input.shape as object, 'organizationId')
}

/** What to do about an error; null: nothing more than its message says. */
export function nextStep(error: DenizenError, where: CommandTarget): string | null {
  const step = known(steps, error.code)
  return typeof step === 'function' ? step(error, where) : step
}

/** The client sends every command with a key, its own if it was given none. */
function repeatWithKey(error: DenizenError): string | null {
  const { idempotencyKey } = detailsOf(error)
  return idempotencyKey !== undefined ? `Look whether it was done, or repeat it with --idempotency-key ${shellWord(idempotencyKey)}` : null
}

function known<Value>(table: Readonly<Record<string, Value>>, name: string): Value | null {
  return Object.hasOwn(table, name) ? (table[name] ?? null) : null
}
