export type { ResourceId } from './model.ts'
export { resourceTarget } from './targets.ts'
