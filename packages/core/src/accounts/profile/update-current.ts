import { defineCommand } from '../../kernel/action.ts'
import { signedIn } from '../../kernel/rule.ts'
import { expectVersion } from '../../kernel/version.ts'
import { ownAccount, ownAccountTarget, type UserRow } from '../../users/index.ts'
import { requestAddress } from '../address.ts'
import { claimFirst } from '../errors.ts'
import { profileSignatures } from './signatures.ts'
import { updateAccount } from './update.ts'

export const updateCurrentUser = defineCommand(profileSignatures.updateCurrent, {
  allow: signedIn,
  target: ownAccountTarget,
  async handle(context, { version, force, email, ...patch }) {
    const user = await ownAccount(context)
    expectVersion(user, version)
    if (user.kind === 'anonymous') refuseNames(user, { email, username: patch.username })
    const address = email === undefined ? {} : await requestAddress(context, user, email)
    context.note({ changes: { fields: await updateAccount(context, user, { ...patch, ...address }, { force }), ...(force && { force }) } })
    return user
  },
})

/** An anonymous user who had a name could keep it from whose it is. They get one with the address that they claim the account with. */
function refuseNames(
  user: UserRow,
  { email, username }: { readonly email: string | null | undefined; readonly username: string | undefined },
) {
  if ((email ?? null) !== null || (username !== undefined && username !== user.username)) throw claimFirst({})
}
