import { counted } from '../text/index.ts'

const minute = 60_000

/** When a job is due by itself: at times that are the same for every process, whenever it was started. */
export interface Schedule {
  /** Minutes from one time to the next. */
  readonly everyMinutes: number
  /** Minutes after the full hour (or after midnight, UTC) at which that begins, so that jobs do not all run at once. */
  readonly atMinute: number
}

/** The last time at or before a moment at which it was due. */
export function lastDue({ everyMinutes, atMinute }: Schedule, moment: Date): Date {
  const [every, at] = [everyMinutes * minute, atMinute * minute]
  return new Date(Math.floor((moment.getTime() - at) / every) * every + at)
}

/** The first time after a moment at which it is due. */
export function nextDue(schedule: Schedule, moment: Date): Date {
  return new Date(lastDue(schedule, moment).getTime() + schedule.everyMinutes * minute)
}

/** For people: `every hour`, `every 15 minutes`. */
export function scheduleInWords({ everyMinutes }: Schedule): string {
  const [amount, unit] = everyMinutes % 60 === 0 ? [everyMinutes / 60, 'hour'] : [everyMinutes, 'minute']
  return `every ${amount === 1 ? unit : counted(amount, unit)}`
}
