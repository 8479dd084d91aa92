import { signatures, type Member } from '@denizen/core/contract'
import type { Command } from 'commander'
import { addAction } from '../action-command.ts'
import { printable, record } from '../output.ts'
import { table, type Column } from '../table.ts'
import { addPaged } from '../paged-command.ts'

const { organizations: actions } = signatures

export const memberColumns: readonly Column<Member>[] = [
  { title: 'USERNAME', whole: true, value: ({ user }) => user.username },
  { title: 'EMAIL', value: ({ user }) => user.email },
  { title: 'NAME', value: ({ user }) => user.displayName },
  { title: 'ROLE', value: ({ role }) => role },
  { title: 'STATUS', value: ({ user }) => user.status },
  { title: 'MANAGED', value: ({ managed }) => managed },
  { title: 'JOINED', value: ({ joinedAt }) => joinedAt },
  { title: 'ID', whole: true, value: ({ user }) => user.id },
]

/** The members of an organization and their roles. */
export function addMembers(orgs: Command): void {
  addPaged(orgs, {
    signature: actions.listMembers,
    arguments: ['organizationId'],
    things: 'members',
    columns: memberColumns,
    examples: ['orgs list-members acme', 'orgs list-members acme --role owner --total'],
  })
  addAction(orgs, {
    signature: actions.addMember,
    arguments: ['organizationId', 'userId'],
    show: memberText,
    examples: ['orgs add-member acme ada', 'orgs add-member acme ada --role admin'],
  })
  addAction(orgs, {
    signature: actions.updateMember,
    arguments: ['organizationId', 'userId', 'role'],
    confirmation: ({ role }, [organization = '', user = '']) =>
      role === 'owner' ? `Make ${printable(user)} an owner of ${printable(organization)}, who may do everything in it?` : null,
    show: memberText,
    examples: ['orgs update-member acme ada admin'],
  })
  addLeaving(orgs)
}

function addLeaving(orgs: Command): void {
  addAction(orgs, {
    signature: actions.removeMember,
    arguments: ['organizationId', 'userId'],
    confirmation: (_, [organization = '', user = '']) =>
      `Remove ${printable(user)} from ${printable(organization)}, with its teams and roles?`,
    show: ({ userId, teamsLeft, rolesLost, invitationsRevoked }, _, [, user]) =>
      record([
        ['user', user ?? userId],
        ['teams left', teamsLeft],
        ['roles lost', rolesLost],
        ['invitations revoked', invitationsRevoked],
      ]),
    examples: ['orgs remove-member acme ada --dry-run'],
  })
  addAction(orgs, {
    signature: actions.transferOwnership,
    arguments: ['organizationId', 'toUserId'],
    confirmation: ({ fromUserId }, [organization = '', to = '']) =>
      `Make ${printable(to)} the owner of ${printable(organization)}? ${fromUserId === undefined ? 'You become' : 'The former owner becomes'} an admin.`,
    show: ({ from, to }) => table([to, from], memberColumns),
    examples: ['orgs transfer-ownership acme bob', 'orgs transfer-ownership acme bob --from ada'],
  })
}

function memberText({ user, role, managed, joinedAt }: Member): string {
  return record([
    ['user', user.username],
    ['email', user.email],
    ['role', role],
    ['managed by the organization', managed],
    ['joined', joinedAt],
    ['id', user.id],
  ])
}
