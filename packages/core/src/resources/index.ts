export type { ResourceId } from './model.ts'
export { resourceTarget } from './targets.ts'
export { passOn, type Disposal } from './ownership.ts'
