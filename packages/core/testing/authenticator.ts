import { Secret, TOTP } from 'otpauth'
import type { TestClock } from './ports.ts'
import type { SignedInUser } from './people.ts'

/** An authenticator app with the key of one user, and the recovery codes that came with it. */
export interface Authenticator {
  /** The code that it shows, or will show so many steps of 30 seconds from now. Each is accepted once. */
  code(stepsFromNow?: number): string
  /** One that it does not show now, nor just before or after. */
  wrongCode(): string
  readonly recoveryCodes: readonly string[]
}

/** The code that an app with this key shows, or will show so many steps of 30 seconds from now. */
export function totpCode({ clock }: { readonly clock: Pick<TestClock, 'now'> }, key: string, stepsFromNow = 0): string {
  const totp = new TOTP({ algorithm: 'SHA1', digits: 6, period: 30, secret: Secret.fromBase32(key) })
  return totp.generate({ timestamp: clock.now().getTime() + stepsFromNow * 30_000 })
}

/** Gives a user an authenticator app. The clock moves on to the next code, for the first was used up. */
export async function enrolAuthenticator({ clock }: { readonly clock: TestClock }, { as }: SignedInUser): Promise<Authenticator> {
  const { key } = await as.factors.beginTotp({})
  const code = (steps = 0) => totpCode({ clock }, key, steps)
  const { recoveryCodes } = await as.factors.activateTotp({ code: code() })
  clock.advance(60_000)
  return {
    code,
    recoveryCodes,
    wrongCode() {
      const near = new Set([-2, -1, 0, 1, 2].map(code))
      for (let guess = 0; ; guess++) {
        const text = String(guess).padStart(6, '0')
        if (!near.has(text)) return text
      }
    },
  }
}
