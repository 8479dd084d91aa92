import { grants } from './grants.ts'

/** Where each standard thing is done, below the public URL. */
export const paths = {
  device: '/oauth/device_authorization',
  token: '/oauth/token',
  introspection: '/oauth/introspect',
  revocation: '/oauth/revoke',
  keys: '/.well-known/jwks.json',
} as const

export const metadataPath = '/.well-known/oauth-authorization-server'

/** What a client has to know to begin (RFC 8414): nothing that is not done here. */
export function metadataOf(publicUrl: string): Readonly<Record<string, unknown>> {
  return {
    issuer: publicUrl,
    token_endpoint: publicUrl + paths.token,
    device_authorization_endpoint: publicUrl + paths.device,
    introspection_endpoint: publicUrl + paths.introspection,
    revocation_endpoint: publicUrl + paths.revocation,
    jwks_uri: publicUrl + paths.keys,
    grant_types_supported: Object.keys(grants),
    // There is no authorization endpoint, so there is no type of response to ask it for.
    response_types_supported: [],
    token_endpoint_auth_methods_supported: ['none'],
    revocation_endpoint_auth_methods_supported: ['none'],
    introspection_endpoint_auth_methods_supported: ['Bearer'],
  }
}
