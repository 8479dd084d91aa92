import type { DomainEvent, Job } from '../kernel/event.ts'
import type { Id } from '../kernel/id.ts'
import type { NewEvent } from './repository.ts'

/** An event as a subscriber gets it. */
export interface DeliveredEvent extends DomainEvent {
  readonly id: Id<'evt'>
}

/**
 * Code of the application that is told of events after their commit. Delivery
 * is a job queued in the transaction of the event: at least once, never for a
 * change that was rolled back. What throws is tried again.
 */
export interface Subscriber {
  /** Stable and unique: it is in queued jobs. */
  readonly name: string
  /** The type of event, for example `users.created`. */
  readonly event: string
  handle(event: DeliveredEvent): Promise<void>
}

/** The job that delivers one event to one subscriber. */
export const deliveryJob = 'events.deliver'

/** The deliveries that these events owe. */
export function deliveriesOf(events: readonly NewEvent[], subscribers: readonly Subscriber[]): Job[] {
  return events.flatMap((event) =>
    subscribers
      .filter(({ event: type }) => type === event.type)
      .map(({ name }) => ({ name: deliveryJob, payload: { subscriber: name, event } })),
  )
}

/** Carries out a delivery. A subscriber that is gone since is passed over: nobody waits for the event any more. */
export async function deliver(subscribers: readonly Subscriber[], payload: Job['payload']): Promise<void> {
  const { subscriber, event } = payload as { subscriber: string; event: DeliveredEvent }
  await subscribers.find(({ name }) => name === subscriber)?.handle(event)
}
