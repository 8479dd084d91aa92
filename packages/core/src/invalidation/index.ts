export { deleteOldInvalidations, invalidationChannel, invalidationInsert, invalidationParameters, wakeReaders } from './repository.ts'
