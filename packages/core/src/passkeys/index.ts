export { acceptAssertion } from './accepting.ts'
