import type { Settings } from '../kernel/settings.ts'
import { commonPasswords } from './blocklist.ts'
import { passwordTooCommon, passwordTooPersonal, passwordTooShort } from './errors.ts'
import { weaknessOf } from './rules.ts'

/** The user who chooses a password. */
interface PasswordOwner {
  readonly username?: string | null | undefined
  readonly email?: string | null | undefined
  readonly fullName?: string | null | undefined
  readonly displayName?: string | null | undefined
}

/**
 * Throws if a new password is too weak (NIST SP 800-63B-4: 3.1.1.2). It uses
 * no database and hashes nothing, so call it before hashing; the user
 * need not exist yet.
 * @param withFactor the owner has a second factor, so a shorter password is enough
 */
export async function checkNewPassword(
  settings: Pick<Settings, 'passwords' | 'publicUrl'>,
  password: string,
  owner: PasswordOwner,
  withFactor = false,
): Promise<void> {
  const { minimumAlone, minimumWithFactor } = settings.passwords
  const least = withFactor ? minimumWithFactor : minimumAlone
  const words = [owner.username, owner.email, owner.fullName, owner.displayName, new URL(settings.publicUrl).hostname, 'denizen']
  const weakness = weaknessOf(password, {
    least,
    words: words.filter((word) => word !== null && word !== undefined),
    isCommon: await commonPasswords(),
  })
  switch (weakness) {
    case null:
      return
    case 'tooShort':
      throw passwordTooShort({ least })
    case 'tooCommon':
      throw passwordTooCommon({})
    case 'tooPersonal':
      throw passwordTooPersonal({})
  }
}
