import { grants } from './grants.ts'

/** The paths of the standard endpoints, below the public URL. */
export const paths = {
  device: '/oauth/device_authorization',
  token: '/oauth/token',
  introspection: '/oauth/introspect',
  revocation: '/oauth/revoke',
  keys: '/.well-known/jwks.json',
} as const

export const metadataPath = '/.well-known/oauth-authorization-server'

/** Authorization server metadata (RFC 8414): only what is supported. */
export function metadataOf(publicUrl: string): Readonly<Record<string, unknown>> {
  return {
    issuer: publicUrl,
    token_endpoint: publicUrl + paths.token,
    device_authorization_endpoint: publicUrl + paths.device,
    introspection_endpoint: publicUrl + paths.introspection,
    revocation_endpoint: publicUrl + paths.revocation,
    jwks_uri: publicUrl + paths.keys,
    grant_types_supported: Object.keys(grants),
    // There is no authorization endpoint, so there are no response types.
    response_types_supported: [],
    token_endpoint_auth_methods_supported: ['none'],
    revocation_endpoint_auth_methods_supported: ['none'],
    introspection_endpoint_auth_methods_supported: ['Bearer'],
  }
}
