import type { InvalidationFeed } from '../ports/invalidation.ts'

/** For a database that only this process changes: there is nobody to hear from. */
export const soleProcessFeed: InvalidationFeed = { soleProcess: true, open: async () => undefined, close: async () => undefined }
