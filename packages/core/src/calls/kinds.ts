// Generated from the signatures by `npm run generate`; a test fails when it is stale.
export const kinds = {
  'auth.signIn': 'command',
  'auth.signOut': 'command',
  'sessions.whoami': 'query',
  'users.create': 'command',
  'users.current': 'query',
  'users.find': 'query',
  'users.get': 'query',
  'users.import': 'command',
  'users.list': 'query',
  'users.setStatus': 'command',
  'users.update': 'command',
} as const

export type ActionName = keyof typeof kinds
