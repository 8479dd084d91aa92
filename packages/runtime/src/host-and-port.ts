/** Where something listens, as it stands in a URL: an IPv6 address in brackets (RFC 3986, 3.2.2), because its colons are not the port's. */
export function hostAndPort(host: string, port: number): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`
}
