import { defineCommand } from '../../kernel/action.ts'
import { uuidOf } from '../../kernel/id.ts'
import { granted } from '../../kernel/rule.ts'
import { changedExclusion } from './authority.ts'
import { emitExclusion } from './events.ts'
import { exclusionTarget } from './repository.ts'
import { separationSignatures as signatures } from './signatures.ts'

export const deleteExclusion = defineCommand(signatures.deleteExclusion, {
  allow: granted,
  target: exclusionTarget,
  async handle(context, { exclusionId }) {
    const { em } = context
    const gone = await changedExclusion(context, exclusionId)
    await em.execute('delete from role_exclusions where id = ?', [uuidOf(exclusionId)], 'run')
    if (gone.kind === 'dynamic') for (const { id } of gone.roles) context.invalidate(id, { when: 'soon' })
    context.note({ changes: { name: gone.name, roleIds: gone.roles.map(({ id }) => id) } })
    emitExclusion(context, 'access.exclusionDeleted', gone)
    return { exclusionId }
  },
})
