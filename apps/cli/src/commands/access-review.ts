import { signatures, type OutputOf } from '@denizen/core/contract'
import type { Command } from 'commander'
import { localTime } from '../output.ts'
import { addPaged } from '../paged-command.ts'

const { review } = signatures.access
type Item = OutputOf<typeof review>['items'][number]

export function addReview(access: Command): void {
  addPaged(access, {
    signature: review,
    things: 'unused grants, roles or tokens',
    columns: [
      { title: 'KIND', value: ({ kind }) => kind },
      { title: 'NAME', value: ({ name }) => name },
      { title: 'OF', value: ({ subject }) => subject?.name ?? null },
      { title: 'ON', value: scopeText },
      { title: 'LAST USED', value: ({ reason, lastUsedAt }) => (reason === 'unassigned' ? 'assigned to nobody' : (lastUsedAt ?? 'never')) },
      { title: 'SINCE', value: ({ since }) => since },
      { title: 'REVOKE WITH', whole: true, value: ({ remedy, id }) => `${remedy.action} ${id}` },
    ],
    remark: ({ recordedSince }) =>
      `Uses of permissions are recorded since ${localTime(recordedSince)}, uses of tokens always. Earlier uses are not known.`,
    examples: ['access review --unused-days 90 --org acme', 'access review --kinds tokens --all'],
  })
}

function scopeText({ scope }: Item): string | null {
  if (scope === null) return null
  return scope.resourceId ?? scope.teamId ?? (scope.kind === 'system' ? 'everywhere' : 'the organization')
}
