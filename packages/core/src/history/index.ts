export { rememberEnding, rememberFormer } from './repository.ts'
