export { LeasedCache, combinedSink } from './cache.ts'
export { invalidationChannel, invalidationInsert, invalidationParameters, wakeReaders } from './repository.ts'
