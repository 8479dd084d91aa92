import type { SqlEntityManager } from '@mikro-orm/sql'
import { defineCommand, defineQuery } from '../kernel/action.ts'
import type { CommandContext, PrepareContext } from '../kernel/context.ts'
import { notFound } from '../kernel/errors.ts'
import { encodeSuffix, uuidOf } from '../kernel/id.ts'
import { granted } from '../kernel/rule.ts'
import { DomainRow } from './entity.ts'
import { domainNotVerified, tooManyDomains } from './errors.ts'
import type { Domain, OrganizationId } from './model.ts'
import { recordOf } from './rules.ts'
import { changedOrganization, existingOrganization, organizationTarget } from './repository.ts'
import { organizationsSignatures } from './signatures.ts'

/** The most domains of an organization, so that a list is one page. */
const most = 100

/**
 * Any organization can claim any domain: a claim alone gives nothing. That a
 * mail provider or a public suffix is not claimed is ensured not by a list
 * but by the verification, which takes control of its DNS.
 */
export const addDomain = defineCommand(organizationsSignatures.addDomain, {
  allow: granted,
  target: organizationTarget,
  async handle(context, { organizationId, domain }) {
    const { em, now, ports } = context
    await changedOrganization(em, organizationId)
    const known = await em.findOne(DomainRow, { organizationId, domain })
    if (known !== null) return shown(known)
    if ((await em.count(DomainRow, { organizationId })) >= most) throw tooManyDomains({ limit: most })
    const challenge = encodeSuffix(ports.random.bytes(16))
    const row = em.create(DomainRow, { organizationId, domain, challenge, verifiedAt: null, createdAt: now })
    em.persist(row)
    await em.flush()
    recordDomainChange(context, 'organizations.domainAdded', organizationId, domain)
    return shown(row)
  },
})

/** DNS is queried only for domains of the organization; the answer is compared with the challenge as it is inside the transaction. */
export const verifyDomain = defineCommand(organizationsSignatures.verifyDomain, {
  allow: granted,
  target: organizationTarget,
  prepare: lookUp,
  async handle(context, { organizationId, domain }, texts) {
    const { em, now } = context
    await changedOrganization(em, organizationId)
    const row = await existingDomain(em, organizationId, domain)
    if (row.verifiedAt !== null) return shown(row)
    const { name, value } = recordOf(domain, row.challenge)
    if (!texts.includes(value)) throw domainNotVerified({ name, value })
    row.verifiedAt = now
    await em.flush()
    recordDomainChange(context, 'organizations.domainVerified', organizationId, domain)
    return shown(row)
  },
})

interface NamesDomain {
  readonly organizationId: OrganizationId
  readonly domain: string
}

async function lookUp({ reader, ports }: PrepareContext, { organizationId, domain }: NamesDomain): Promise<readonly string[]> {
  const { challenge, verifiedAt } = await existingDomain(reader, organizationId, domain)
  return verifiedAt === null ? ports.resolver.txt(recordOf(domain, challenge).name) : []
}

export const removeDomain = defineCommand(organizationsSignatures.removeDomain, {
  allow: granted,
  takesPrecedence: 'inOrganization',
  target: organizationTarget,
  async handle(context, { organizationId, domain }) {
    const { em } = context
    await changedOrganization(em, organizationId)
    const rows = await em.execute<unknown[]>('delete from organization_domains where organization_id = ? and domain = ? returning 1', [
      uuidOf(organizationId),
      domain,
    ])
    if (rows.length === 0) throw notFound({ type: 'domain' })
    // What was done to accounts because the organization manages them is over.
    context.invalidate(organizationId, { when: 'now' })
    recordDomainChange(context, 'organizations.domainRemoved', organizationId, domain)
    return { domain }
  },
})

export const listDomains = defineQuery(organizationsSignatures.listDomains, {
  allow: granted,
  target: organizationTarget,
  async handle({ open }, { organizationId }) {
    const em = await open()
    await existingOrganization(em, organizationId)
    const rows = await em.find(DomainRow, { organizationId }, { orderBy: { domain: 'asc' } })
    return { domains: rows.map(shown) }
  },
})

async function existingDomain(em: SqlEntityManager, organizationId: OrganizationId, domain: string): Promise<DomainRow> {
  const row = await em.findOne(DomainRow, { organizationId, domain })
  if (row === null) throw notFound({ type: 'domain' })
  return row
}

function recordDomainChange(context: CommandContext, type: string, organizationId: OrganizationId, domain: string): void {
  context.note({ changes: { domain } })
  context.emit({ type, subject: organizationId, organizationId, payload: { organizationId, domain } })
}

function shown({ domain, challenge, verifiedAt, createdAt }: DomainRow): Domain {
  return { domain, verifiedAt, record: recordOf(domain, challenge), createdAt }
}
