import { createCore, defaultPorts } from '@denizen/core'
import { databases, resolverContract, TestResolver, useWorld } from '@denizen/core/testing'
import { describe, expect, test } from 'vitest'

resolverContract('that a test publishes into', () => {
  const resolver = new TestResolver()
  return {
    resolver,
    publish: (name, texts) => void resolver.records.set(name, texts),
    silence: () => void (resolver.answers = false),
  }
})

describe.each(databases)('domains of organizations on %s', (database) => {
  const world = useWorld({ database })

  async function admined() {
    const organizationId = await world().newOrganization()
    return { organizationId, admin: await world().asMember(organizationId, 'admin') }
  }

  test('named, proved, and given up', async () => {
    const { organizationId, admin } = await admined()
    const { organizations } = admin.as
    const added = await organizations.addDomain({ organizationId, domain: ' Shop.Example. ' })
    expect(added).toEqual({
      domain: 'shop.example',
      verifiedAt: null,
      record: { type: 'TXT', name: '_denizen.shop.example', value: expect.stringMatching(/^denizen-verification=[0-9a-z]{26}$/) },
      createdAt: world().clock.now(),
    })
    expect(await organizations.addDomain({ organizationId, domain: 'shop.example' })).toEqual(added)
    const { name, value } = added.record
    await expect(organizations.verifyDomain({ organizationId, domain: 'shop.example' })).rejects.toMatchObject({
      code: 'organizations.domainNotProven',
      kind: 'conflict',
      details: { name, value },
      message: expect.stringContaining(value),
    })
    world().ports.resolver.records.set(name, ['something else', `${value}x`, value.toUpperCase()])
    await expect(organizations.verifyDomain({ organizationId, domain: 'shop.example' })).rejects.toMatchObject({
      code: 'organizations.domainNotProven',
    })
    world().ports.resolver.records.set(name, ['something else', value])
    world().clock.advance(1000)
    const verified = await organizations.verifyDomain({ organizationId, domain: 'SHOP.example' })
    expect(verified).toEqual({ ...added, verifiedAt: world().clock.now() })
    const user = await admin.as.users.create({ organizationId, email: 'clerk@shop.example' })
    const role = async () => (await organizations.listMembers({ organizationId, search: 'clerk@' })).items[0]?.managed
    expect(await role()).toBe(true)
    const asked = world().ports.resolver.asked.length
    world().clock.advance(1000)
    expect(await organizations.verifyDomain({ organizationId, domain: 'shop.example' })).toEqual(verified)
    expect(world().ports.resolver.asked).toHaveLength(asked)
    expect(await organizations.listDomains({ organizationId })).toEqual({ domains: [verified] })
    expect(await organizations.removeDomain({ organizationId, domain: 'shop.example' })).toEqual({ domain: 'shop.example' })
    expect(await role()).toBe(false)
    await expect(admin.as.users.update({ userId: user?.id ?? 'usr_', displayName: 'x' })).rejects.toMatchObject({
      code: 'request.notFound',
    })
    for (const call of [organizations.verifyDomain, organizations.removeDomain])
      await expect(call({ organizationId, domain: 'shop.example' })).rejects.toMatchObject({
        code: 'request.notFound',
        details: { type: 'domain' },
      })
    const types = await world().rows<{ type: string }>('select type from events where subject = ? order by type', [organizationId])
    expect(types.map(({ type }) => type)).toEqual([
      'organizations.domainAdded',
      'organizations.domainRemoved',
      'organizations.domainVerified',
    ])
  })

  test('many may name one, each with a challenge of its own; one can prove it', async () => {
    const [first, second] = [await admined(), await admined()]
    const [one, two] = await Promise.all(
      [first, second].map(({ admin, organizationId }) => admin.as.organizations.addDomain({ organizationId, domain: 'shared.example' })),
    )
    if (one === undefined || two === undefined) throw new Error('there are two')
    expect(one.record.value).not.toBe(two.record.value)
    const { records } = world().ports.resolver
    records.set('_denizen.shared.example', [one.record.value])
    const verify = ({ admin, organizationId }: typeof first) =>
      admin.as.organizations.verifyDomain({ organizationId, domain: 'shared.example' })
    await expect(verify(second)).rejects.toMatchObject({ code: 'organizations.domainNotProven' })
    await verify(first)
    records.set('_denizen.shared.example', [two.record.value])
    await expect(verify(second)).rejects.toMatchObject({ code: 'organizations.domainTaken', kind: 'conflict' })
    await first.admin.as.organizations.removeDomain({ organizationId: first.organizationId, domain: 'shared.example' })
    expect((await verify(second)).verifiedAt).not.toBeNull()
  })

  test('what DNS said counts for the challenge as it is then: not for one that was given up meanwhile', async () => {
    const { organizationId, admin } = await admined()
    const { organizations } = admin.as
    const { resolver } = world().ports
    const input = { organizationId, domain: 'raced.example' }
    const old = await organizations.addDomain(input)
    resolver.records.set(old.record.name, [old.record.value])
    const slow = {
      async txt(name: string) {
        const texts = await resolver.txt(name)
        await organizations.removeDomain(input)
        await organizations.addDomain(input)
        return texts
      },
    }
    const { ports } = world()
    const core = createCore({ orm: world().orm, ports: { ...ports, resolver: slow } })
    const verifying = core.run('organizations.verifyDomain', input, {
      actor: { kind: 'user', principal: admin.principal },
      origin: { requestId: 'req_test', ip: null, userAgent: null },
    })
    await expect(verifying).rejects.toMatchObject({ code: 'organizations.domainNotProven' })
    expect((await organizations.listDomains({ organizationId })).domains).toMatchObject([{ verifiedAt: null }])
  })

  test('DNS is not asked for whoever may not, nor for what nobody named, and its silence is told', async () => {
    const { organizationId, admin } = await admined()
    const [member, stranger] = [await world().asMember(organizationId), await world().signUp()]
    await admin.as.organizations.addDomain({ organizationId, domain: 'quiet.example' })
    const { resolver } = world().ports
    const before = resolver.asked.length
    const input = { organizationId, domain: 'quiet.example' }
    await expect(member.as.organizations.verifyDomain(input)).rejects.toMatchObject({ code: 'request.denied' })
    await expect(stranger.as.organizations.verifyDomain(input)).rejects.toMatchObject({ code: 'request.notFound' })
    await expect(admin.as.organizations.verifyDomain({ organizationId, domain: 'other.example' })).rejects.toMatchObject({
      code: 'request.notFound',
    })
    expect(resolver.asked).toHaveLength(before)
    resolver.answers = false
    await expect(admin.as.organizations.verifyDomain(input)).rejects.toMatchObject({
      code: 'organizations.dnsUnavailable',
      kind: 'unavailable',
    })
    resolver.answers = true
    await expect(admin.as.organizations.verifyDomain(input)).rejects.toMatchObject({ code: 'organizations.domainNotProven' })
  })

  test('as many as a page holds', async () => {
    const { organizationId, admin } = await admined()
    for (let count = 0; count < 100; count++) await admin.as.organizations.addDomain({ organizationId, domain: `d${count}.example` })
    await expect(admin.as.organizations.addDomain({ organizationId, domain: 'one-more.example' })).rejects.toMatchObject({
      code: 'organizations.tooManyDomains',
      kind: 'limited',
    })
    expect((await admin.as.organizations.listDomains({ organizationId })).domains).toHaveLength(100)
  })

  test.each([
    '',
    'localhost',
    'a b.example',
    'example.com/x',
    '-a.example',
    '192.0.2.1',
    'ä_b.example',
    `${'a.'.repeat(122)}example`,
    'a..b',
    'x\u0000.example',
  ])('%j is no domain', async (domain) => {
    const { organizationId, admin } = await admined()
    await expect(admin.as.organizations.addDomain({ organizationId, domain })).rejects.toMatchObject({ code: 'request.invalid' })
  })
})

test('without a resolver nothing is asked of anybody, and the caller is told what is missing', async () => {
  const { resolver } = await defaultPorts(new Uint8Array(32))
  await expect(resolver.txt('_denizen.example.com')).rejects.toMatchObject({
    code: 'organizations.dnsNotConfigured',
    message: expect.stringContaining('resolver'),
  })
})
