/** Where a call came from. All of it comes from the transport, nothing from the payload. */
export interface Origin {
  readonly requestId: string
  readonly ip: string | null
  readonly userAgent: string | null
  /** The call came over a network: without an address it does not count as allowed from anywhere. */
  readonly remote?: true
}
