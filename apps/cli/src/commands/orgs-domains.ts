import { shellWord, signatures, type Domain } from '@denizen/core/contract'
import type { Command } from 'commander'
import { addAction } from '../action-command.ts'
import { denizen } from '../common-options.ts'
import { printable, record } from '../output.ts'
import { table } from '../table.ts'

const { organizations: actions } = signatures

/** The domains of an organization, and how to verify them. */
export function addDomains(orgs: Command): void {
  addAction(orgs, {
    signature: actions.addDomain,
    arguments: ['organizationId', 'domain'],
    show: (domain, _, [organization = '']) => domainText(domain, organization),
    examples: ['orgs add-domain acme acme.example'],
  })
  addAction(orgs, {
    signature: actions.verifyDomain,
    arguments: ['organizationId', 'domain'],
    show: (domain, _, [organization = '']) => domainText(domain, organization),
    examples: ['orgs verify-domain acme acme.example'],
  })
  addAction(orgs, {
    signature: actions.listDomains,
    arguments: ['organizationId'],
    show: ({ domains }) => domainsText(domains),
    examples: ['orgs list-domains acme', 'orgs list-domains acme --json'],
  })
  addAction(orgs, {
    signature: actions.removeDomain,
    arguments: ['organizationId', 'domain'],
    confirmation: ({ domain }, [organization = '']) =>
      `Remove ${printable(String(domain))}? ${printable(organization)} no longer manages accounts with an address in it.`,
    show: ({ domain }) => `${printable(domain)} is removed.`,
    examples: ['orgs remove-domain acme acme.example --dry-run'],
  })
}

function domainText(domain: Domain, organization: string): string {
  if (domain.verifiedAt !== null)
    return record([
      ['domain', domain.domain],
      ['verified', domain.verifiedAt],
    ])
  return `Add this record to DNS, then: ${denizen} orgs verify-domain ${printable(shellWord(organization))} ${printable(domain.domain)}\n\n${recordsText([domain])}`
}

/** Never shortened, because people copy it. */
function recordsText(domains: readonly Domain[]): string {
  return table(domains, [
    { title: 'TYPE', whole: true, value: ({ record: { type } }) => type },
    { title: 'NAME', whole: true, value: ({ record: { name } }) => name },
    { title: 'VALUE', whole: true, value: ({ record: { value } }) => value },
  ])
}

function domainsText(domains: readonly Domain[]): string {
  if (domains.length === 0) return 'The organization has no domains.'
  const all = table(domains, [
    { title: 'DOMAIN', whole: true, value: ({ domain }) => domain },
    { title: 'VERIFIED', value: ({ verifiedAt }) => verifiedAt ?? 'not yet' },
    { title: 'ADDED', value: ({ createdAt }) => createdAt },
  ])
  const unproven = domains.filter(({ verifiedAt }) => verifiedAt === null)
  return unproven.length === 0 ? all : `${all}\n\nDNS records to add for those that are not verified yet:\n\n${recordsText(unproven)}`
}
