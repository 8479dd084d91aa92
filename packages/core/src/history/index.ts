export { recordEndedState, recordFormerStates } from './repository.ts'
