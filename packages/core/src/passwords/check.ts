import type { Settings } from '../kernel/settings.ts'
import { commonPasswords } from './blocklist.ts'
import { passwordTooCommon, passwordTooPersonal, passwordTooShort } from './errors.ts'
import { weaknessOf } from './rules.ts'

/** Whose a password is to be. */
interface PasswordOwner {
  readonly username?: string | null | undefined
  readonly email?: string | null | undefined
  readonly fullName?: string | null | undefined
  readonly displayName?: string | null | undefined
}

/**
 * Throws unless somebody may choose the password (NIST SP 800-63B-4: 3.1.1.2). It asks
 * no database and hashes nothing, so it belongs before the hashing; the one who is
 * going to have it need not exist yet.
 * @param withFactor the owner has a second factor, so that less is asked of the first
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
