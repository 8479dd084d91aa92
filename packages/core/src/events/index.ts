export { eventInsert, eventParameters, foreignTransaction, readEvents, type FeedPosition, type RecordedEvent } from './repository.ts'
export { deliver, deliveriesOf, deliveryJob, type DeliveredEvent, type Subscriber } from './subscriber.ts'
