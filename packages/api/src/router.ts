import { authRouter } from './routers/auth.ts'
import { organizationsRouter } from './routers/organizations.ts'
import { sessionsRouter } from './routers/sessions.ts'
import { teamsRouter } from './routers/teams.ts'
import { usersRouter } from './routers/users.ts'
import { router } from './trpc.ts'

/** Every action as a tRPC procedure of the same name. */
export const appRouter = router({
  auth: authRouter,
  organizations: organizationsRouter,
  sessions: sessionsRouter,
  teams: teamsRouter,
  users: usersRouter,
})

/** What a typed tRPC client needs: `createTRPCClient<AppRouter>(…)`. */
export type AppRouter = typeof appRouter

export type { ErrorData, ErrorShape, Exposed, ProcedureTypes, WireInput } from './trpc.ts'
