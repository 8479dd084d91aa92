import { defineCommand } from '../../kernel/action.ts'
import { invalidInput } from '../../kernel/errors.ts'
import { inputWords } from '../../kernel/input-words.ts'
import { mergePatch } from '../../kernel/merge-patch.ts'
import { signedIn } from '../../kernel/rule.ts'
import { expectVersion } from '../../kernel/version.ts'
import { ownAccount, ownAccountTarget } from '../../users/index.ts'
import { preferences as allPreferences } from '../../users/model.ts'
import { profileSignatures } from './signatures.ts'
import { updateAccount } from './update.ts'

export const updatePreferences = defineCommand(profileSignatures.updatePreferences, {
  allow: signedIn,
  target: ownAccountTarget,
  async handle(context, { preferences, version }) {
    const user = await ownAccount(context)
    expectVersion(user, version)
    const merged = allPreferences.safeParse(mergePatch(user.preferences, preferences), { error: inputWords })
    if (!merged.success) throw invalidInput({ issues: merged.error.issues.map(({ message }) => ({ path: 'preferences', message })) })
    context.note({ changes: { fields: await updateAccount(context, user, { preferences: merged.data }) } })
    return { preferences: user.preferences, version: user.version }
  },
})
