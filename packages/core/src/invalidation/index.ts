export { LeasedCache, combinedSink } from './cache.ts'
export { deleteOldInvalidations, invalidationChannel, invalidationInsert, invalidationParameters, wakeReaders } from './repository.ts'
