/** Looks into DNS (RFC 1035). Only `prepare` asks: an answer may take seconds. */
export interface Resolver {
  /**
   * The texts of the TXT records of a name, each whole, however it was cut for
   * transport; none when there is no such name, or it has none. Rejects with
   * `organizations.dnsUnavailable` when nobody answers in time.
   */
  txt(name: string): Promise<readonly string[]>
}
