import type { InvalidationFeed } from '../ports/invalidation.ts'

/** For a database that only this process changes. */
export const soleProcessFeed: InvalidationFeed = { soleProcess: true, open: async () => undefined, close: async () => undefined }
