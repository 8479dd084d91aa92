import type { DomainEvent, Job } from '../kernel/event.ts'
import type { Id } from '../kernel/id.ts'
import type { NewEvent } from './repository.ts'

/** An event as delivered to a subscriber. */
export interface DeliveredEvent extends DomainEvent {
  readonly id: Id<'evt'>
}

/**
 * Application code that receives events after their commit. Each delivery is a job queued in the event's transaction: at least once, and
 * never for a change that was rolled back. Retried when it throws.
 */
export interface Subscriber {
  /** Stable and unique: queued jobs contain it. */
  readonly name: string
  /** The type of event, for example `users.created`. */
  readonly event: string
  handle(event: DeliveredEvent): Promise<void>
}

/** The name of the job that delivers one event to one subscriber. */
export const deliveryJob = 'events.deliver'

/** The delivery jobs for events. */
export function deliveriesOf(events: readonly NewEvent[], subscribers: readonly Subscriber[]): Job[] {
  return events.flatMap((event) =>
    subscribers
      .filter(({ event: type }) => type === event.type)
      .map(({ name }) => ({ name: deliveryJob, payload: { subscriber: name, event }, group: name })),
  )
}

/** Delivers an event. If the subscriber no longer exists, nothing happens. */
export async function deliver(subscribers: readonly Subscriber[], payload: Job['payload']): Promise<void> {
  const { subscriber, event } = payload as { subscriber: string; event: DeliveredEvent }
  await subscribers.find(({ name }) => name === subscriber)?.handle(event)
}
