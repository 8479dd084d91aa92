import type { Ports } from '../ports/index.ts'
import { derivedToken } from '../tokens/index.ts'
import type { VerificationId, VerificationPurpose } from './model.ts'

interface VerificationKey {
  readonly id: VerificationId
  readonly purpose: VerificationPurpose
}

/** Purposes whose secret is typed by hand. */
const typed: ReadonlySet<VerificationPurpose> = new Set(['emailCode', 'reauthenticate'])

const codeLength = 8

/** The secret of a verification: the text of a link's token, or a code of eight digits. The same each time it is asked for. */
export async function secretOf({ cipher }: Pick<Ports, 'cipher'>, { id, purpose }: VerificationKey): Promise<string> {
  const fingerprint = await cipher.fingerprint(`verification/${purpose}`, id)
  return typed.has(purpose) ? digits(fingerprint) : derivedToken('verify', id, fingerprint)
}

/** What is kept of the secret: of a code, which is short, nothing that can be guessed at without the master key. */
export async function hashOfSecret(ports: Pick<Ports, 'cipher' | 'digest'>, named: VerificationKey): Promise<string> {
  return hashOfText(ports, named, await secretOf(ports, named))
}

/** The same of a text that somebody brings. */
export async function hashOfText(
  { cipher, digest }: Pick<Ports, 'cipher' | 'digest'>,
  named: VerificationKey,
  text: string,
): Promise<string> {
  return typed.has(named.purpose) ? cipher.fingerprint(`verification/code/${named.id}`, text.replaceAll(/[\s-]/g, '')) : digest.sha256(text)
}

/** Eight digits of 256 bits: no digit is likelier than another by more than one in 10^60. */
function digits(fingerprint: string): string {
  let value = 0n
  for (const letter of atob(fingerprint.replaceAll('-', '+').replaceAll('_', '/'))) value = (value << 8n) | BigInt(letter.charCodeAt(0))
  return String(value % 10n ** BigInt(codeLength)).padStart(codeLength, '0')
}
