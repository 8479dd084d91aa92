/** Authenticated encryption under the installation's master key (AES-256-GCM, NIST SP 800-38D). */
export interface Cipher {
  /** Encrypts and binds to the context; the result is URL-safe text. */
  seal(context: string, plaintext: string): Promise<string>
  /** The plaintext, or null when the text was not sealed under this key for this context. */
  open(context: string, sealed: string): Promise<string | null>
  /** A keyed fingerprint (HMAC-SHA-256): equal for equal texts; without the key it does not help to guess them. */
  fingerprint(context: string, text: string): Promise<string>
}
