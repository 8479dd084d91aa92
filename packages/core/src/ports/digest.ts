/** SHA-256 (FIPS 180-4), synchronous because every request needs it. */
export interface Digest {
  /** Hash of the UTF-8 text, as 64 lower-case hexadecimal digits. */
  sha256(text: string): string
}
