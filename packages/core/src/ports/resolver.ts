/** DNS queries (RFC 1035). Only `prepare` uses it: an answer may take seconds. */
export interface Resolver {
  /**
   * The TXT records of a name, each as one text; none if there is no such name or record. Rejects with `organizations.dnsUnavailable` on
   * a timeout.
   */
  txt(name: string): Promise<readonly string[]>
}
