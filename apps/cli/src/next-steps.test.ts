import { DenizenError, type DenizenErrorCode } from '@denizen/core/calls'
import { describe, expect, it } from 'vitest'
import { nextStep } from './next-steps.ts'

const served = { url: 'http://users.example', option: ' --url http://users.example' }
const local = { url: null, option: '' }
const error = (code: string, details: Record<string, unknown> = {}) =>
  new DenizenError(code as DenizenErrorCode, 'conflict', 'told elsewhere', details)

describe('the next step', () => {
  it.each([
    ['request.unauthenticated', {}, served, 'denizen login --url http://users.example'],
    ['request.unauthenticated', {}, local, 'leave out --database'],
    ['request.denied', { permission: 'users.list' }, served, '--org'],
    ['request.notFound', { type: 'organization' }, served, 'denizen orgs list'],
    ['request.notFound', { type: 'member' }, served, 'denizen orgs list-members'],
    ['organizations.lastOwner', { organizationId: 'org_1' }, served, 'denizen orgs transfer-ownership org_1'],
    ['organizations.lastOwner', { organizationIds: ['org_1', 'org_2'] }, served, 'denizen orgs transfer-ownership …'],
    ['organizations.seatsTaken', { seatLimit: 3 }, served, '--seat-limit'],
    ['organizations.domainNotProven', { name: '_denizen.a.example', value: 'v' }, served, 'dig +short TXT _denizen.a.example'],
    ['mail.notConfigured', {}, served, 'DENIZEN_SMTP_URL'],
    ['request.outcomeUnknown', { idempotencyKey: 'abc' }, served, '--idempotency-key abc'],
    ['users.tooMany', { count: 2000, most: 1000 }, served, 'bulk-archive -'],
  ] as const)('after %s with %j', (code, details, where, step) => {
    expect(nextStep(error(code, details), where)).toContain(step)
  })

  it('is not to sign in as another for what is refused everywhere, or to the operator', () => {
    expect(nextStep(error('request.denied', { permission: 'users.promote' }), served)).not.toContain('--org')
    expect(nextStep(error('request.denied', { permission: 'users.list' }), local)).toBeNull()
  })

  it.each(['constructor', 'toString', 'users.unheardOf', ''])('is none for a code that it does not know: %j', (code) => {
    expect(nextStep(error(code), served)).toBeNull()
    expect(nextStep(error('request.notFound', { type: code }), served)).toBeNull()
  })
})
