import type { JobQueue } from '../ports/jobs.ts'

/** For core without a worker: queuing a job is an error. */
export const unattendedJobs: JobQueue = {
  enqueue: (_em, jobs) =>
    Promise.reject(new Error(`no worker for ${jobs.map(({ name }) => name).join(', ')}: pass a JobQueue as ports.jobs`)),
  forget: async () => 0,
}
