import { defineError } from '../kernel/errors.ts'

export const runOver = defineError<{ state: string }>(
  'jobs.runOver',
  'conflict',
  ({ state }) => `This run is over: it has ${state === 'cancelled' ? 'been cancelled' : state}. There is nothing to cancel.`,
)
