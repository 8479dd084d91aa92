import { signatures, type Domain } from '@denizen/core/contract'
import type { Command } from 'commander'
import { addAction } from '../action-command.ts'
import { denizen } from '../options.ts'
import { printable, record, table } from '../output.ts'

const { organizations: actions } = signatures

/** The domains of an organization, and how to prove them. */
export function addDomains(orgs: Command): void {
  addAction(orgs, {
    signature: actions.addDomain,
    arguments: ['organizationId', 'domain'],
    show: domainText,
    examples: ['orgs add-domain acme acme.example'],
  })
  addAction(orgs, {
    signature: actions.verifyDomain,
    arguments: ['organizationId', 'domain'],
    show: domainText,
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
    question: ({ domain }, [organization = '']) =>
      `Give up ${printable(String(domain))}? ${printable(organization)} manages no account with an address in it any more.`,
    show: ({ domain }) => `${printable(domain)} is nobody's here now.`,
    examples: ['orgs remove-domain acme acme.example --dry-run'],
  })
}

function domainText(domain: Domain): string {
  if (domain.verifiedAt !== null)
    return record([
      ['domain', domain.domain],
      ['verified', domain.verifiedAt],
    ])
  return `Put this record into DNS, then: ${denizen} orgs verify-domain … ${printable(domain.domain)}\n\n${recordsText([domain])}`
}

/** Never cut off, whatever the terminal: it is to be copied. */
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
    { title: 'DOMAIN', value: ({ domain }) => domain },
    { title: 'VERIFIED', value: ({ verifiedAt }) => verifiedAt ?? 'not yet' },
    { title: 'ADDED', value: ({ createdAt }) => createdAt },
  ])
  const unproven = domains.filter(({ verifiedAt }) => verifiedAt === null)
  return unproven.length === 0 ? all : `${all}\n\nRecords to put into DNS for those that are not verified yet:\n\n${recordsText(unproven)}`
}
