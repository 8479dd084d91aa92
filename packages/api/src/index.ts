export { statusOf } from './errors.ts'
export { createServer, type Server, type ServerOptions } from './http.ts'
export { appRouter, type AppRouter, type ErrorData, type ErrorShape, type Exposed, type ProcedureTypes, type WireInput } from './router.ts'
