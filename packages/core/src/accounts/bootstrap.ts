import { z } from 'zod'
import { assignEverywhere, hadSuperadmin, lockSuperadmins } from '../access/index.ts'
import { builtInRoles } from '../grants/index.ts'
import { defineCommand } from '../kernel/action.ts'
import { systemOnly } from '../kernel/rule.ts'
import { command } from '../kernel/signature.ts'
import { checkNewPassword, hashPassword, newPassword } from '../passwords/index.ts'
import { User, username } from '../users/index.ts'
import { insertUser } from './account.ts'

/**
 * Creates the first superadmin: the one user that nobody can have created. It is
 * not among the actions, so no face offers it and no role grants it; only core
 * itself runs it, through the same pipeline, so that it is audited like every other action.
 * Answers null if there is a superadmin, or ever was one: an installation
 * that lost its last one is not handed to the next person who restarts it.
 */
export const bootstrap = defineCommand(
  command('accounts.bootstrap', {
    summary: 'Make the first superadmin',
    input: z.strictObject({ username, password: newPassword }),
    output: User.nullable(),
  }),
  {
    allow: systemOnly,
    handlesSecret: true,
    async prepare({ ports, settings }, { username, password }) {
      await checkNewPassword(settings, password, { username })
      return hashPassword(ports.hasher, password)
    },
    async handle(context, { username }, passwordHash) {
      const { em, now, newId } = context
      // Processes that start together wait here; the later ones then see the user that the first one created.
      await lockSuperadmins(em)
      if (await hadSuperadmin(em)) return null
      const user = await insertUser(context, {
        username,
        usernameIsOurs: true,
        email: null,
        emailVerified: false,
        status: 'active',
        kind: 'human',
        passwordHash,
        needPasswordChange: false,
        homeOrganizationId: null,
        profile: {},
      })
      assignEverywhere(em, { id: newId('asg'), userId: user.id, roleId: builtInRoles.superadmin.id, grantedBy: null, now })
      context.note({ target: { type: 'user', id: user.id } })
      return user
    },
  },
)
