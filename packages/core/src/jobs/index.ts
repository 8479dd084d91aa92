export { createPartitions } from './partitions.ts'
export { queueDueRuns } from './queue-due-runs.ts'
export { workRun } from './work.ts'
