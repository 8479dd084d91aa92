import type { JobQueue } from '../ports/jobs.ts'

/** For a core that runs alone: there is no worker, so asking for a job is a mistake worth hearing of. */
export const unattendedJobs: JobQueue = {
  enqueue: (_em, jobs) =>
    Promise.reject(new Error(`no worker for ${jobs.map(({ name }) => name).join(', ')}: pass a JobQueue as ports.jobs`)),
}
