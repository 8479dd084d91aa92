import { accessRouter } from './routers/access.ts'
import { applyProcedure } from './routers/access-code.ts'
import { authRouter } from './routers/auth.ts'
import { factorsRouter } from './routers/factors.ts'
import { identitiesRouter } from './routers/identities.ts'
import { organizationsRouter } from './routers/organizations.ts'
import { passkeysRouter } from './routers/passkeys.ts'
import { policiesRouter } from './routers/policies.ts'
import { resourcesRouter } from './routers/resources.ts'
import { rolesRouter } from './routers/roles.ts'
import { sessionsRouter } from './routers/sessions.ts'
import { teamsRouter } from './routers/teams.ts'
import { tokensRouter } from './routers/tokens.ts'
import { usersRouter } from './routers/users.ts'
import { router } from './trpc.ts'

/** Every action as a tRPC procedure of the same name. */
export const appRouter = router({
  access: accessRouter,
  'access.apply': applyProcedure,
  auth: authRouter,
  factors: factorsRouter,
  identities: identitiesRouter,
  organizations: organizationsRouter,
  passkeys: passkeysRouter,
  policies: policiesRouter,
  resources: resourcesRouter,
  roles: rolesRouter,
  sessions: sessionsRouter,
  teams: teamsRouter,
  tokens: tokensRouter,
  users: usersRouter,
})

/** What a typed tRPC client needs: `createTRPCClient<AppRouter>(…)`. */
export type AppRouter = typeof appRouter

export type { ErrorData, ErrorShape, Exposed, ProcedureTypes, WireInput } from './trpc.ts'
